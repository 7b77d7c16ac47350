// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { RostrumError } from './api.js';

/**
 * @typedef {object} Message
 * @property {string} id @property {string} message @property {?object} payload @property {string} topic @property {string} timestamp ISO 8601
 * @property {string} senderId @property {string} senderName
 */

/** Publishing and subscribing on an event channel, across its reconnections. */
export class Topics {
  #channel;
  #waiting = new Map(); // requestId → {resolve, reject}
  #readers = new Map(); // topic → {callbacks: Set, seen: Set of ids, limit}
  #requests = 0;

  /** @param {import('./events.js').EventChannel} channel */
  constructor(channel) {
    this.#channel = channel;
    channel.on('message', (message) => this.#receive(message));
    channel.on('state', (state) => state !== 'open' && this.#abandon());
  }

  /**
   * @param {string} topic @param {string} message
   * @param {{payload?: object, persist?: boolean, sendOnly?: string[]}} [options] `persist`: kept with the session; `sendOnly`: ids of participants
   * @returns {Promise<{id: string, timestamp: string}>} when the server has it; rejects with a RostrumError
   */
  publish(topic, message, { payload, persist = false, sendOnly } = {}) {
    return this.#ask('publish', { topic, message, payload, options: { persist, sendOnly } });
  }

  /**
   * Old messages first, then new ones; each once, also after a reconnection.
   * @param {string} topic @param {(message: Message, isOld: boolean) => void} onMessage @param {{oldMessageLimit?: number}} [options]
   * @returns {() => void} ends it
   */
  subscribe(topic, onMessage, { oldMessageLimit = 100 } = {}) {
    if (!this.#readers.has(topic)) this.#readers.set(topic, { callbacks: new Set(), seen: new Set(), limit: oldMessageLimit });
    const reader = this.#readers.get(topic);
    reader.callbacks.add(onMessage);
    if (reader.callbacks.size === 1) this.#subscribe(topic, reader);
    return () => {
      if (!reader.callbacks.delete(onMessage) || reader.callbacks.size > 0) return;
      this.#readers.delete(topic);
      this.#channel.send('unsubscribe', { topic });
    };
  }

  #subscribe(topic, { limit }) {
    this.#channel.send('subscribe', { topic, oldMessageLimit: limit });
  }

  #ask(command, rest) {
    const requestId = String(++this.#requests);
    if (this.#channel.state !== 'open') return Promise.reject(new RostrumError({ message: 'Not connected' }));
    return new Promise((resolve, reject) => {
      this.#waiting.set(requestId, { resolve, reject });
      this.#channel.send(command, { ...rest, requestId });
    });
  }

  #receive({ event, data }) {
    if (event === 'meeting-joined') for (const [topic, reader] of this.#readers) this.#subscribe(topic, reader);
    if (event === 'pubsub-message') this.#tell(data, false);
    if (event === 'pubsub-history') for (const message of data.messages) this.#tell(message, true);
    if (event !== 'pubsub-published' && event !== 'error') return;
    const waiting = this.#waiting.get(data.requestId);
    this.#waiting.delete(data.requestId);
    if (event === 'error') waiting?.reject(new RostrumError(data));
    else waiting?.resolve({ id: data.id, timestamp: data.timestamp });
  }

  #tell(message, isOld) {
    const reader = this.#readers.get(message.topic);
    if (!reader || reader.seen.has(message.id)) return;
    reader.seen.add(message.id);
    if (reader.seen.size > 2000) reader.seen.delete(reader.seen.values().next().value); // more than a history has
    for (const callback of reader.callbacks) callback(message, isOld);
  }

  #abandon() {
    for (const { reject } of this.#waiting.values()) reject(new RostrumError({ message: 'The connection was lost' }));
    this.#waiting.clear();
  }
}
