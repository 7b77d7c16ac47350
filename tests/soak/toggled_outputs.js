// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import path from 'node:path';

import { until } from '../lib/deadline.js';

const kStartMs = 30000; // a participant's track may have to come back first
const kStopMs = 30000; // above what serve waits for an output that says nothing

/** One output that is started and stopped over and over: a fresh one each time. */
class ToggledOutput {
  id = null;
  starts = 0;

  constructor(rostrum, watcher, roomId) {
    Object.assign(this, { rostrum, watcher, roomId });
  }

  get running() {
    return this.id !== null;
  }

  async start() {
    this.from = this.watcher.messages.length;
    this.starts++;
    const answer = await this.rostrum.ok('POST', `${this.route}/start`, { roomId: this.roomId, ...this.wish() });
    this.id = answer.id;
    await this.#status('STARTED', kStartMs);
  }

  async stop() {
    const id = this.id;
    await this.rostrum.ok('POST', `${this.route}/stop`, { roomId: this.roomId, id, ...this.whose });
    await this.#status('STOPPED', kStopMs);
    this.id = null;
    await this.stopped?.(id);
  }

  #status(state, timeoutMs) {
    const ours = ({ id, status }) => id === this.id && status === `${this.statusPrefix}_${state}`;
    return this.watcher.next(`${this.kind}-state-changed`, ours, { from: this.from, timeoutMs });
  }
}

/** A push to one server, under a new stream key each time. */
export class ToggledLivestream extends ToggledOutput {
  kind = 'livestream';
  route = '/v2/livestreams';
  statusPrefix = 'LIVESTREAM';

  constructor(rostrum, watcher, roomId, server, name) {
    super(rostrum, watcher, roomId);
    Object.assign(this, { server, name });
  }

  get streamKey() {
    return `${this.name}-${this.starts}`;
  }

  wish() {
    return { outputs: [{ url: this.server.url, streamKey: this.streamKey }] };
  }

  /** Started is what a push becomes when its server takes it: here it may be dead for a while. */
  async start() {
    this.from = this.watcher.messages.length;
    this.starts++;
    this.id = (await this.rostrum.ok('POST', `${this.route}/start`, { roomId: this.roomId, ...this.wish() })).id;
  }

  async state() {
    return (await this.rostrum.ok('GET', `/v2/livestreams/${this.id}`)).outputs[0].state;
  }
}

/** A recording of some kind; the files of all of them are kept for later. */
export class ToggledRecording extends ToggledOutput {
  files = [];

  /** @param {object} as {kind, route, whose, more}: the latter two go with the start, the first of them with the stop too */
  constructor(rostrum, watcher, roomId, { kind, route, whose, more }) {
    super(rostrum, watcher, roomId);
    Object.assign(this, { kind, route, whose, statusPrefix: kind.replaceAll('-', '_').toUpperCase(), wish: () => ({ ...whose, ...more }) });
  }

  async stopped(id) {
    const recording = await this.rostrum.ok('GET', `${this.route}/${id}`);
    const parts = recording.parts ?? [recording.file.filePath];
    this.files.push(...parts.map((part) => path.resolve(this.rostrum.state, part.path ?? part)));
  }
}

/** The stream that is the same to whoever comes, so there is one at a time. */
export class ToggledHls extends ToggledOutput {
  kind = 'hls';
  route = '/v2/hls';
  statusPrefix = 'HLS';
  wish = () => ({});
  playlists = [];

  async stopped(id) {
    this.playlists.push((await this.rostrum.ok('GET', `/v2/hls/${id}`)).playbackHlsUrl);
  }
}

/** Resolves when a push is live. @param {ToggledLivestream} push */
export const live = (push, timeoutMs) =>
  until(`the push ${push.streamKey} is live`, async () => (await push.state()) === 'live', timeoutMs);
