// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import { freePorts, Program, temporaryDirectory } from './process.js';

const kServer = path.join(import.meta.dirname, 'signed_s3.js');

/** A real S3 server that checks signatures, behind a relay that can stop what is sent to it. */
export class S3Server {
  static bucket = 'recordings';
  static credentials = { id: 'S3RVER', secret: 'S3RVER' }; // the one account that s3rver knows;
  forwarded = 0; // bytes to the server
  #limit = Infinity;
  #paused = new Set();
  #sockets = new Set();

  static async create() {
    const server = new S3Server();
    server.directory = temporaryDirectory('s3');
    [server.port, server.relayPort] = await freePorts(2);
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.relayPort}`;
  }

  /** Starts the server (again, on the same files), and the relay. */
  async start() {
    const { id, secret } = S3Server.credentials;
    this.program = new Program('node', [kServer, this.directory.path, `${this.port}`, S3Server.bucket, id, secret]);
    await this.program.line(/listening/i);
    if (this.relay) return;
    this.relay = net.createServer((client) => this.#relay(client)).listen(this.relayPort, '127.0.0.1');
    await once(this.relay, 'listening');
  }

  async kill() {
    this.program.child.kill('SIGKILL');
    await this.program.ended;
  }

  /** After so many more bytes everything waits. */
  allow(bytes) {
    this.#limit = this.forwarded + bytes;
    for (const socket of this.#paused) socket.resume();
    this.#paused.clear();
  }

  get exhausted() {
    return this.forwarded >= this.#limit;
  }

  /** Every object. @returns {string[]} keys, without what the server keeps beside them */
  keys() {
    const root = path.join(this.directory.path, S3Server.bucket);
    return fs
      .readdirSync(root, { recursive: true })
      .filter((name) => name.endsWith('._S3rver_object'))
      .map((name) => name.slice(0, -'._S3rver_object'.length));
  }

  object(key) {
    return fs.readFileSync(path.join(this.directory.path, S3Server.bucket, `${key}._S3rver_object`));
  }

  async stop() {
    for (const socket of this.#sockets) socket.destroy();
    this.relay?.close();
    if (this.program && !this.program.exited) await this.kill();
    this.directory.remove();
  }

  #relay(client) {
    const server = net.connect(this.port, '127.0.0.1');
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.on('data', (data) => {
      this.forwarded += data.length;
      server.write(data);
      if (!this.exhausted) return;
      client.pause();
      this.#paused.add(client);
    });
    server.pipe(client);
  }
}
