// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

import { judge } from './conversations.js';
import { until } from './deadline.js';
import { EventClient } from './events.js';
import { commandLine, Program, sessionProcesses, temporaryDirectory } from './process.js';
import { mint } from './token.js';

/** The build tree that is tested: Meson's tests set it. */
export const kBuild = process.env.ROSTRUM_BUILD_DIR ?? path.resolve(import.meta.dirname, '../../build');
const kRostrum = path.join(kBuild, 'tools/rostrum/rostrum');
const kTestHost = path.join(kBuild, 'tools/rostrum/testhost/rostrum-testhost');

/** One `rostrum serve` on a free port with a state directory of its own. */
export class Rostrum {
  #clients = [];
  #hosts = [];

  /** @param {{args?: string[], env?: object, listen?: string}} [options] */
  static async start({ args = [], env = {}, listen = 'http://127.0.0.1:0' } = {}) {
    const rostrum = new Rostrum();
    rostrum.listen = listen;
    rostrum.directory = temporaryDirectory('serve');
    rostrum.state = path.join(rostrum.directory.path, 'state');
    rostrum.credentials = { key: `key-${crypto.randomUUID()}`, secret: crypto.randomBytes(32).toString('hex') };
    rostrum.args = args;
    rostrum.env = env;
    await rostrum.launch();
    return rostrum;
  }

  /** Starts the process (again, on the same state). */
  async launch() {
    fs.mkdirSync(this.state, { recursive: true, mode: 0o700 });
    const runtime = path.join(this.directory.path, 'run');
    fs.mkdirSync(runtime, { recursive: true, mode: 0o700 });
    const env = {
      ROSTRUM_ALLOW_PRIVATE_DESTINATIONS: 'true', // servers of the tests are on loopback
      ROSTRUM_API_KEY: this.credentials.key,
      ROSTRUM_API_SECRET: this.credentials.secret,
      GST_REGISTRY: path.join(kBuild, 'gst-registry.bin'),
      ...this.env,
    };
    this.program = new Program(
      kRostrum,
      ['serve', '--listen', this.listen, '--state', this.state, '--runtime', runtime, ...this.args],
      { env },
    );
    const [, url] = await this.program.line(/^listening (https?:\/\/\S+)$/);
    this.url = url;
    judge(url, kBuild);
  }

  get pid() {
    return this.program.pid;
  }

  /** A token with the given claims. */
  token(claims) {
    return mint(this.credentials, claims);
  }

  hostToken(roomId, claims = {}) {
    return this.token({ roomId, ...claims });
  }

  viewerToken(roomId, claims = {}) {
    return this.token({ roomId, permissions: ['allow_join'], mode: 'RECV_ONLY', ...claims });
  }

  /** A REST call. @returns {Promise<{status: number, headers: Headers, body: *}>} */
  async call(method, route, body, token = this.token()) {
    const headers = { authorization: token, ...(body !== undefined && { 'content-type': 'application/json' }) };
    const response = await fetch(new URL(route, this.url), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    let decoded = text;
    try {
      decoded = JSON.parse(text);
    } catch {
      // a text body
    }
    return { status: response.status, headers: response.headers, body: decoded };
  }

  /** A REST call that must succeed. @returns {Promise<*>} its body */
  async ok(method, route, body) {
    const answer = await this.call(method, route, body);
    if (answer.status < 200 || answer.status > 299) throw new Error(`${method} ${route}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** @returns {Promise<string>} roomId of a new room */
  async room(options = {}) {
    return (await this.ok('POST', '/v2/rooms', options)).roomId;
  }

  /** Elements really in the pipeline. @returns {Promise<string[]>} factory names */
  async runningElements(sessionId) {
    const text = await this.ok('GET', `/v2/sessions/${sessionId}/graph?format=running`);
    return text
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/)[1]);
  }

  /** Joins with events only. @param {string} roomId @param {object} [options] name, mode, participantId, token */
  async events(roomId, options = {}) {
    const client = await EventClient.join(this.url, roomId, { token: this.hostToken(roomId), ...options });
    this.#clients.push(client);
    return client;
  }

  /** A host without a browser: test picture, flash and beep each second. @returns {Promise<Program>} when it is connected */
  async testHost(roomId, { participantId = 'testhost', name = 'Test host', args = [], whip = '' } = {}) {
    const endpoint = new URL(whip || `/whip/${roomId}?participantId=${participantId}&displayName=${encodeURIComponent(name)}`, this.url);
    const env = { ROSTRUM_TOKEN: this.hostToken(roomId), GST_REGISTRY: path.join(kBuild, 'gst-registry.bin') };
    const program = new Program(kTestHost, ['--whip', endpoint.href, ...args], { env });
    this.#hosts.push(program);
    await program.line(/publish|connected/i);
    return program;
  }

  /** Pids of the session processes, also of those that a former server of this directory started. */
  sessions() {
    return sessionProcesses((words) => words.some((word) => word.startsWith(`${this.directory.path}/`)));
  }

  /** Pid of the process of a session. @param {string} [sessionId] of any when left out */
  sessionPid(sessionId) {
    return until('the session process runs', () => this.sessions().find((pid) => !sessionId || commandLine(pid).includes(sessionId)));
  }

  /** Ends the server, every session it started, and what a failed test left. */
  async stop() {
    for (const client of this.#clients) client.socket.terminate();
    for (const host of this.#hosts) if (!host.exited) host.child.kill('SIGKILL');
    const sessions = this.sessions();
    try {
      return await this.program.stop();
    } finally {
      for (const pid of sessions) {
        try {
          process.kill(pid, 'SIGTERM');
        } catch {
          // already gone
        }
      }
      this.directory.remove();
    }
  }
}
