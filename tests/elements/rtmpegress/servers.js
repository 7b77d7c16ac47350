// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

/** The servers of one test: those that were started end with it. */
export class Servers {
  #running = [];

  /** @template S @param {S|Promise<S>} server one that has stop() @returns {Promise<S>} */
  async take(server) {
    const started = await server;
    this.#running.push(started);
    return started;
  }

  async stop() {
    await Promise.all(this.#running.splice(0).map((server) => server.stop()));
  }
}
