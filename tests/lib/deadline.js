// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

const kProbeEveryMs = 40; // how often a state that sends no event is looked at

/**
 * Rejects when `promise` takes longer than `timeoutMs`.
 * @template T @param {string} what for the message @param {Promise<T>} promise @param {number} [timeoutMs] @returns {Promise<T>}
 */
export function within(what, promise, timeoutMs = 10000) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${timeoutMs} ms`)), timeoutMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/**
 * Looks until `probe` gives something truthy, and returns it. What it gave or threw last is in the error.
 * @template T @param {string} what @param {() => T|Promise<T>} probe @param {number} [timeoutMs] @returns {Promise<T>}
 */
export async function until(what, probe, timeoutMs = 10000) {
  const end = performance.now() + timeoutMs;
  let last;
  for (;;) {
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end)
      throw new Error(`${what}: not within ${timeoutMs} ms; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`);
    await new Promise((resolve) => setTimeout(resolve, kProbeEveryMs));
  }
}
