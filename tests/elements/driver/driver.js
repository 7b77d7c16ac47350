// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { once } from 'node:events';

import { within } from '../../lib/deadline.js';
import { Program } from '../../lib/process.js';

/** A pipeline in a process of its own (element_driver.cpp): commands in, messages out. */
export class Driver extends Program {
  /**
   * @param {string} pipeline as for gst-launch-1.0, words separated by white space
   * @param {{env?: object, prefix?: string[]}} [options] prefix: a program (and its arguments) that executes the driver
   */
  constructor(pipeline, { env = {}, prefix = [] } = {}) {
    const [program, ...args] = [...prefix, process.env.ELEMENT_DRIVER, ...pipeline.trim().split(/\s+/)];
    super(program, args, { env, stdin: 'pipe' });
  }

  command(...words) {
    this.child.stdin.write(`${words.join(' ')}\n`);
  }

  /** All messages so far. */
  get messages() {
    return this.lines.map((line) => JSON.parse(line));
  }

  /** The first message that `wanted` accepts, at or after the index `from`. */
  async message(what, wanted, { from = 0, timeoutMs = 15000 } = {}) {
    const wait = async () => {
      for (;;) {
        const found = this.messages.slice(from).find(wanted);
        if (found) return found;
        if (this.exited) throw new Error(`ended before ${what}:\n${this.lines.slice(-5).join('\n')}\n${this.stderr}`);
        await Promise.race([once(this, 'line'), this.ended]);
      }
    };
    return within(`${what} (last: ${this.lines.at(-1)})`, wait(), timeoutMs);
  }

  /** A destination of rtmpegress reached a state. */
  state(id, state, options) {
    return this.message(`${id} ${state}`, (m) => m.message === 'rtmpegress-destination' && m.id === id && m.state === state, options);
  }

  /** Sends a command and waits for the message that answers it. */
  async ask(command, answer) {
    const from = this.lines.length;
    this.command(command);
    return this.message(`answer to ${command}`, (m) => m.message === answer, { from });
  }

  /** @param {string} id @param {string} url @param {string} [key] @returns {Promise<{added: boolean, error: string}>} */
  async add(id, url, key = '') {
    return this.ask(`add ${id} ${url} ${key}`.trim(), 'added');
  }

  /** The pipeline ends with EOS; resolves when the process is gone. */
  async finish(timeoutMs = 15000) {
    this.command('eos');
    return within('the pipeline ends', this.ended, timeoutMs);
  }

  async kill() {
    if (this.exited) return;
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
