// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';

import { until } from './deadline.js';
import { packetTimes } from './media_file.js';
import { Program, temporaryDirectory } from './process.js';

async function freeUdpPort() {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

/** FFmpeg as an SRT listener that writes the MPEG-TS it gets, one file for each launch(). */
export class SrtListener {
  files = [];

  /** @param {string} [query] of the listener's URL */
  static async create(query = '') {
    const listener = new SrtListener();
    listener.directory = temporaryDirectory('srt');
    listener.port = await freeUdpPort();
    listener.query = query;
    return listener;
  }

  /** Takes one connection; ends with it. */
  launch() {
    this.files.push(path.join(this.directory.path, `${this.files.length}.ts`));
    const from = `srt://127.0.0.1:${this.port}?mode=listener${this.query}`;
    this.program = new Program('ffmpeg', ['-nostdin', '-v', 'error', '-i', from, '-c', 'copy', '-flush_packets', '1', this.file]);
  }

  get url() {
    return `srt://127.0.0.1:${this.port}`;
  }

  /** Of the newest launch. */
  get file() {
    return this.files.at(-1);
  }

  /** Waits until it has so much of the stream. */
  received(seconds) {
    const length = async () => {
      const times = await packetTimes(this.file, 'v');
      return times.at(-1) - times[0];
    };
    return until(`${seconds} s by SRT`, async () => fs.existsSync(this.file) && (await length()) > seconds, 30000);
  }

  async stop() {
    if (this.program && !this.program.exited) {
      this.program.child.kill('SIGKILL');
      await this.program.ended;
    }
    this.directory.remove();
  }
}
