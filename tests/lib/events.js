// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import WebSocket from 'ws';

import { judgeEvent } from './conversations.js';
import { within } from './deadline.js';

/** A participant that has events only: what an app without a browser would write. */
export class EventClient {
  messages = [];
  #waiting = new Set();

  /** @param {string} server @param {string} roomId @param {object} query token, participantId, name, mode */
  constructor(server, roomId, query) {
    const url = new URL(`/v2/rooms/${roomId}/events`, server);
    url.protocol = 'ws:';
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    this.socket = new WebSocket(url);
    this.socket.on('message', (data) => {
      const message = JSON.parse(data);
      judgeEvent(message);
      this.messages.push({ ...message, at: performance.now() });
      for (const look of this.#waiting) look();
    });
    this.socket.on('error', () => {}); // the close event says it
    this.closed = new Promise((resolve) =>
      this.socket.on('close', (code, reason) => resolve({ code, reason: String(reason), at: performance.now() })),
    );
  }

  /** Joins and waits for the server's greeting. */
  static async join(server, roomId, query) {
    const client = new EventClient(server, roomId, query);
    const refused = client.closed.then(({ code, reason }) => {
      throw new Error(`refused: ${code} ${reason} ${JSON.stringify(client.messages)}`);
    });
    const joined = await Promise.race([client.next('meeting-joined'), refused]);
    refused.catch(() => {});
    client.joined = joined.data;
    return client;
  }

  /**
   * The first message of that name (that passes the test) after position `from`, seen or to come.
   * @param {string} event @param {(data: object) => boolean} [test]
   */
  async next(event, test = () => true, { timeoutMs = 15000, from = 0 } = {}) {
    const wait = new Promise((resolve) => {
      const look = () => {
        const found = this.messages.slice(from).find((message) => message.event === event && test(message.data));
        if (!found) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
    try {
      return await within(`event ${event}`, wait, timeoutMs);
    } catch (error) {
      throw new Error(
        `${error.message}; seen: ${this.messages.map((one) => one.event + (one.data?.status ? `(${one.data.status})` : '')).join(', ')}`,
      );
    }
  }

  names() {
    return this.messages.map((message) => message.event);
  }

  send(command) {
    this.socket.send(JSON.stringify({ command }));
  }

  async close() {
    this.socket.close();
    await within('the event connection closes', this.closed, 5000);
  }
}
