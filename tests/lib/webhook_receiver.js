// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { once } from 'node:events';
import http from 'node:http';

import { judgeWebhook } from './conversations.js';
import { until } from './deadline.js';

/** An HTTP receiver of webhooks that can be down for a while. */
export class WebhookReceiver {
  arrivals = []; // {type, data, id, sequence, timestamp, path, headers, raw}; a server that was killed repeats some
  received = []; // the same without repeats
  refused = 0;
  status = 200;
  headers = {}; // of its answers

  static async start() {
    const receiver = new WebhookReceiver();
    await receiver.#listen(0);
    return receiver;
  }

  get url() {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  /** Connections are refused from now on. */
  async down() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Accepts again on the same port. */
  async up() {
    await this.#listen(this.port);
  }

  /** The first delivery of a type. @param {string} type */
  next(type, timeoutMs = 15000) {
    return until(`webhook ${type} (seen: ${this.types()})`, () => this.received.find((one) => one.type === type), timeoutMs);
  }

  types() {
    return this.received.map((one) => one.type);
  }

  async stop() {
    if (this.server.listening) await this.down();
  }

  async #listen(port) {
    this.server = http.createServer((request, response) => this.#take(request, response)).listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = this.server.address().port;
  }

  #take(request, response) {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      response.writeHead(this.status, this.headers).end();
      if (this.status >= 300) return void this.refused++;
      const raw = Buffer.concat(parts).toString();
      judgeWebhook(JSON.parse(raw), request.headers);
      const { webhookType: type, ...rest } = JSON.parse(raw);
      const one = { type, ...rest, path: request.url, headers: request.headers, raw };
      if (!this.arrivals.some(({ id }) => id === one.id)) this.received.push(one);
      this.arrivals.push(one);
    });
  }
}
