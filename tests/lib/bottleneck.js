// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import dgram from 'node:dgram';
import { once } from 'node:events';

import { NarrowLink, seededRandom } from './narrow_link.js';

const kTickMs = 1; // of the timer; the line's own clock is exact
const kSocketBytes = 1 << 20; // a keyframe's burst waits here while the event loop is busy

/** May be sent with at once; what is sent before it is bound waits for that. */
const udpSocket = () =>
  dgram.createSocket({ type: 'udp4', recvBufferSize: kSocketBytes, sendBufferSize: kSocketBytes }).bind(0, '127.0.0.1');

/**
 * A narrow path between a WHEP endpoint and its viewer, in user space: a UDP relay on 127.0.0.1 in front of the server's
 * media port. All that goes through it shares one line in each direction, `down` to the viewer and `up` to the server.
 * Set `down.setup.bitsPerSecond` and so on at any time.
 */
export class Bottleneck {
  #front;
  #flows = new Map(); // a socket towards the server for each address of the viewer
  #serverPort;
  #timer;

  constructor(front, down, up, random) {
    this.#front = front;
    this.down = new NarrowLink(down, random);
    this.up = new NarrowLink(up, random);
    front.on('message', (datagram, viewer) => this.#fromViewer(datagram, viewer));
    this.#timer = setInterval(() => this.#run(), kTickMs);
  }

  /** @param {{down?: import('./narrow_link.js').LinkSetup, up?: import('./narrow_link.js').LinkSetup, seed?: number}} [options] */
  static async open({ down = {}, up = {}, seed = 1 } = {}) {
    const front = udpSocket();
    await once(front, 'listening');
    return new Bottleneck(front, down, up, seededRandom(seed));
  }

  /** @param {string} answer of the server @returns {string} the same with the relay as its only candidate */
  admit(answer) {
    const candidates = [...answer.matchAll(/^a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 (\d+) typ host\r\n/gm)];
    if (candidates.length !== 1) throw new Error(`one candidate on 127.0.0.1 was expected:\n${answer}`);
    const [line, port] = candidates[0];
    this.#serverPort = Number(port);
    const relayed = line.replace(` ${port} `, ` ${this.#front.address().port} `);
    return answer.replaceAll(/^a=candidate:.*\r\n/gm, '').replace(/^a=end-of-candidates\r\n/m, (end) => relayed + end);
  }

  /**
   * Leads the media of every viewer in `page` that asks `endpoint` through here.
   * @param {import('playwright-core').Page} page @param {string} endpoint
   * @param {(offer: string) => string} [editOffer] what the server gets to see
   */
  async standBefore(page, endpoint, editOffer = (offer) => offer) {
    await page.route(endpoint, async (route) => {
      const response = await route.fetch({ postData: editOffer(route.request().postData()) });
      await route.fulfill({ response, body: this.admit(await response.text()) });
    });
  }

  close() {
    clearInterval(this.#timer);
    this.#front.close();
    for (const socket of this.#flows.values()) socket.close();
  }

  #fromViewer(datagram, { address, port }) {
    const key = `${address}:${port}`;
    if (!this.#flows.has(key)) this.#flows.set(key, this.#openFlow(address, port));
    const socket = this.#flows.get(key);
    this.up.push(performance.now(), datagram.length, () => socket.send(datagram, this.#serverPort, '127.0.0.1'));
    this.up.run(performance.now());
  }

  #openFlow(address, port) {
    return udpSocket().on('message', (datagram) => {
      this.down.push(performance.now(), datagram.length, () => this.#front.send(datagram, port, address));
      this.down.run(performance.now());
    });
  }

  #run() {
    const now = performance.now();
    this.down.run(now);
    this.up.run(now);
  }
}
