// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { createHash } from 'node:crypto';

/** Chance that comes out the same for the same seed. */
export class Seeded {
  #seed;
  #drawn = 0;

  /** @param {string|number} seed @param {string} name of what draws from it: others do not shift its numbers */
  constructor(seed, name) {
    this.#seed = `${seed} ${name}`;
  }

  /** @returns {number} from 0 up to 1 */
  next() {
    return createHash('sha256').update(`${this.#seed} ${this.#drawn++}`).digest().readUInt32BE() / 2 ** 32;
  }

  between(low, high) {
    return low + this.next() * (high - low);
  }

  /** @template T @param {T[]} list @returns {T} */
  pick(list) {
    return list[Math.floor(this.next() * list.length)];
  }
}
