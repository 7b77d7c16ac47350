// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

/** Waiting times of repeated attempts: doubling, capped, with jitter so that a crowd does not come back in step. */
export class Backoff {
  #attempt = 0;

  /** @param {{firstMs?: number, maxMs?: number, random?: () => number}} [options] */
  constructor({ firstMs = 250, maxMs = 8000, random = Math.random } = {}) {
    this.firstMs = firstMs;
    this.maxMs = maxMs;
    this.random = random;
  }

  /** Attempts since the last reset. */
  get attempts() {
    return this.#attempt;
  }

  /** @returns {number} ms to wait before the next attempt: between half and all of the capped doubling step */
  next() {
    const step = Math.min(this.maxMs, this.firstMs * 2 ** this.#attempt++);
    return step / 2 + (this.random() * step) / 2;
  }

  reset() {
    this.#attempt = 0;
  }
}

/**
 * Resolves after `ms`, or at once when the signal aborts.
 * @param {number} ms @param {AbortSignal} [signal]
 */
export function delay(ms, signal) {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
