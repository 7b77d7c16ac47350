// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

/** Ethernet is not counted, IPv4 and UDP are. */
const kHeaderBytes = 28;

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). @param {number} seed */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * One direction of a path: a queue that drops what does not fit (drop-tail), a line that takes one datagram after another
 * at its rate, random loss behind it, then a constant delay. No clock and no socket inside; times are milliseconds.
 *
 * @typedef {object} LinkSetup
 * @property {number} [bitsPerSecond] Infinity: no limit, 0: nothing gets through; IPv4 and UDP headers count
 * @property {number} [queueMs] longest wait that a datagram is accepted with, at the present rate
 * @property {number} [delayMs] one way
 * @property {number} [loss] share of datagrams, 0 to 1
 */
export class NarrowLink {
  /** May be changed at any time. @type {Required<LinkSetup>} */
  setup = { bitsPerSecond: Infinity, queueMs: 300, delayMs: 0, loss: 0 };
  #waiting = []; // {bits, since, deliver}
  #waitingBits = 0;
  #flying = []; // {due, deliver}
  #freeAt = 0;
  #random;
  #counters = newCounters();

  /** @param {LinkSetup} setup @param {() => number} random */
  constructor(setup, random) {
    Object.assign(this.setup, setup);
    this.#random = random;
  }

  get idle() {
    return this.#waiting.length === 0 && this.#flying.length === 0;
  }

  /** How long a datagram that came now would wait. */
  get queueMs() {
    return this.#waitingBits === 0 ? 0 : (this.#waitingBits / this.setup.bitsPerSecond) * 1000;
  }

  /** @param {number} now @param {number} bytes of payload @param {() => void} deliver */
  push(now, bytes, deliver) {
    const bits = (bytes + kHeaderBytes) * 8;
    if (this.queueMs > this.setup.queueMs) {
      this.#counters.droppedFull++;
      return;
    }
    this.#waiting.push({ bits, since: now, deliver });
    this.#waitingBits += bits;
  }

  /** Delivers what is due. */
  run(now) {
    while (this.#waiting.length > 0) {
      const { bits, since, deliver } = this.#waiting[0];
      const left = Math.max(this.#freeAt, since) + (bits / this.setup.bitsPerSecond) * 1000;
      if (left > now) break;
      this.#waiting.shift();
      this.#waitingBits -= bits;
      this.#freeAt = left;
      this.#leave(left, left - since, bits, deliver);
    }
    while (this.#flying.length > 0 && this.#flying[0].due <= now) {
      const { due, deliver } = this.#flying.shift();
      this.#counters.latestMs = Math.max(this.#counters.latestMs, now - due);
      deliver();
    }
  }

  #leave(left, waited, bits, deliver) {
    const counters = this.#counters;
    counters.longestQueueMs = Math.max(counters.longestQueueMs, waited);
    if (this.#random() < this.setup.loss) {
      counters.lost++;
      return;
    }
    counters.datagrams++;
    counters.bytes += bits / 8;
    this.#flying.push({ due: left + this.setup.delayMs, deliver });
  }

  /** What happened since the last call. `latestMs`: how late the timer was at most. */
  takeCounters() {
    const taken = this.#counters;
    this.#counters = newCounters();
    return taken;
  }
}

const newCounters = () => ({ datagrams: 0, bytes: 0, lost: 0, droppedFull: 0, longestQueueMs: 0, latestMs: 0 });
