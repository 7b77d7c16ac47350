// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { setIcon } from '../icons.js';
import { avatar, byId, make } from '../ui.js';

/** The pictures of the hosts: the own preview first, then each other host's feed. */
export class Tiles {
  #grid = byId('tiles');
  #tiles = new Map(); // participantId → {element, video, empty, label, mic}
  #play;
  #stop;

  /** @param {{play: (feed: string) => MediaStream, stop: (feed: string) => void}} feeds */
  constructor({ play, stop }) {
    this.#play = play;
    this.#stop = stop;
    new ResizeObserver(() => this.#arrange()).observe(byId('stage'));
  }

  /** @param {object} own {participantId, name, stream, camera, mic} @param {object[]} others hosts with feeds @param {string|null} speaker */
  show(own, others, speaker) {
    this.#tile(own, () => own.stream, true);
    this.#state(own.participantId, { name: `${own.name} (you)`, picture: own.camera, mic: own.mic });
    for (const host of others) {
      this.#tile(host, () => this.#play(host.feeds[0]), false, host.feeds[0]);
      this.#state(host.participantId, { name: host.name, picture: host.kinds.length === 0 || host.kinds.includes('video'), mic: host.marks.mic });
    }
    const wanted = new Set([own.participantId, ...others.map((host) => host.participantId)]);
    for (const [id, tile] of this.#tiles) if (!wanted.has(id)) this.#remove(id, tile);
    for (const [id, tile] of this.#tiles) tile.element.classList.toggle('speaking', id === speaker);
    this.#arrange();
  }

  clear() {
    for (const [id, tile] of this.#tiles) this.#remove(id, tile);
  }

  #tile(person, stream, own, feed = null) {
    if (this.#tiles.has(person.participantId)) return;
    const video = make('video', { playsInline: true, autoplay: true, muted: own, className: own ? 'mirror' : '', srcObject: stream() });
    const empty = make('div', { className: 'tile-empty', hidden: true }, avatar(person));
    const mic = make('span', { dataset: { icon: 'mic-off' }, hidden: true });
    setIcon(mic, 'mic-off');
    const label = make('span');
    const element = make(
      'div',
      { className: 'tile', dataset: { participant: person.participantId } },
      video,
      empty,
      make('div', { className: 'tile-name' }, mic, label),
    );
    this.#tiles.set(person.participantId, { element, video, empty, label, mic, feed });
    this.#grid.append(element);
  }

  #state(id, { name, picture, mic }) {
    const tile = this.#tiles.get(id);
    tile.label.textContent = name;
    tile.empty.hidden = picture;
    tile.mic.hidden = mic;
  }

  #remove(id, tile) {
    tile.video.srcObject = null;
    tile.element.remove();
    this.#tiles.delete(id);
    if (tile.feed) this.#stop(tile.feed);
  }

  /** As many columns as make the pictures largest in the room there is. */
  #arrange() {
    const { clientWidth: width, clientHeight: height } = byId('stage');
    const tiles = this.#tiles.size;
    if (!tiles || !width) return;
    const gap = 12;
    const sizes = Array.from({ length: tiles }, (_, index) => {
      const columns = index + 1;
      const rows = Math.ceil(tiles / columns);
      const tile = Math.min((width - gap * (columns - 1)) / columns, (((height - gap * (rows - 1)) / rows) * 16) / 9);
      return { columns, tile };
    });
    const best = sizes.reduce((a, b) => (b.tile > a.tile ? b : a));
    this.#grid.style.setProperty('--columns', best.columns);
    this.#grid.style.setProperty('--fit', `${Math.floor(best.tile * best.columns + gap * (best.columns - 1))}px`);
  }
}
