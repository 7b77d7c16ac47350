// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { RostrumError } from './api.js';
import { Backoff } from './backoff.js';
import { Emitter } from './emitter.js';

const kPingEveryMs = 15000; // below the idle timeouts of common proxies (60 s)
const kSilenceMs = 40000; // two pings without an answer, and some
const kFirstAttempts = 5; // a join that never succeeded gives up; a joined one never does

/**
 * The event connection of one participant. It joins the room, comes back by itself, and stops for good when the server says so.
 * Events: `message` {event, seq, timestamp, data}, `state` "connecting" | "open" | "reconnecting" | "closed".
 */
export class EventChannel extends Emitter {
  #url;
  #socket = null;
  #backoff = new Backoff();
  #timer = 0;
  #ping = 0;
  #heardAt = 0;
  #joined = null;
  #refusal = null;
  state = 'connecting';

  /** @param {{server: URL, roomId: string, token: string, participantId: string, name: string, mode: string}} options */
  constructor({ server, roomId, token, participantId, name, mode }) {
    super();
    this.#url = new URL(`v2/rooms/${encodeURIComponent(roomId)}/events`, server);
    this.#url.protocol = this.#url.protocol === 'https:' ? 'wss:' : 'ws:';
    for (const [key, value] of Object.entries({ token, participantId, name, mode })) if (value) this.#url.searchParams.set(key, value);
  }

  /** @returns {Promise<object>} the data of the first `meeting-joined`; rejects when the server refuses */
  open() {
    return new Promise((resolve, reject) => {
      this.#joined = { resolve, reject };
      this.#connect();
    });
  }

  /** @param {string} command 'leave', 'end', 'ping', 'raise-hand' and what else docs/api.md names @param {object} [rest] of it */
  send(command, rest) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ command, ...rest }));
  }

  /** Leaves: the server sees the connection close. */
  close() {
    this.send('leave');
    this.#finish();
  }

  #connect() {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = ({ code, reason }) => socket === this.#socket && this.#lost(code, reason);
    clearInterval(this.#ping);
    this.#heardAt = Date.now();
    this.#ping = setInterval(() => {
      if (Date.now() - this.#heardAt > kSilenceMs) socket.close();
      else this.send('ping');
    }, kPingEveryMs);
  }

  #receive(message) {
    this.#heardAt = Date.now();
    if (message.event === 'pong') return;
    if (message.event === 'meeting-joined') {
      this.#backoff.reset();
      this.#setState('open');
      this.#joined?.resolve(message.data);
      this.#joined = null;
    }
    if (message.event === 'error') this.#refusal = new RostrumError(message.data);
    this.emit('message', message);
    if (message.event === 'session-ended' || message.event === 'meeting-left') this.#finish();
  }

  #lost(code, reason) {
    clearInterval(this.#ping);
    if (this.state === 'closed') return;
    const refused = code >= 4000 && code < 5000;
    const hopeless = this.#joined && this.#backoff.attempts >= kFirstAttempts;
    if (refused || hopeless) {
      const error = this.#refusal ?? new RostrumError({ message: reason || 'The server cannot be reached', code });
      this.#joined?.reject(error);
      if (!this.#joined) this.emit('refused', error);
      this.#joined = null;
      this.#finish();
      return;
    }
    this.#setState('reconnecting');
    this.#timer = setTimeout(() => this.#connect(), this.#backoff.next());
  }

  #finish() {
    clearTimeout(this.#timer);
    clearInterval(this.#ping);
    const socket = this.#socket;
    this.#socket = null;
    this.#joined?.reject(new RostrumError({ message: 'Left before joining' }));
    this.#joined = null;
    socket?.close(1000);
    this.#setState('closed');
  }

  #setState(state) {
    if (this.state === state) return;
    this.state = state;
    this.emit('state', state);
  }
}
