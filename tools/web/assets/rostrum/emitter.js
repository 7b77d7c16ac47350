// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

/** EventTarget with the two methods everybody wants. */
export class Emitter extends EventTarget {
  /** @param {string} type @param {*} [detail] */
  emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /**
   * Calls `listener(detail)` on every `type`.
   * @param {string} type @param {(detail: *) => void} listener
   * @returns {() => void} stops listening
   */
  on(type, listener) {
    const handler = (event) => listener(event.detail);
    this.addEventListener(type, handler);
    return () => this.removeEventListener(type, handler);
  }
}
