// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { createVerify } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';

import { Webhook } from 'standardwebhooks';

import { until } from '../../lib/deadline.js';

/** A receiver of webhooks whose behaviour a test decides request by request. */
export class Receiver {
  requests = []; // {raw: Buffer, text, headers, at, status}
  /** @type {(request: object) => {status?: number, headers?: object, after?: Promise}} */
  behave = () => ({});

  static async start({ port = 0, tls } = {}) {
    const receiver = new Receiver();
    receiver.tls = tls;
    await receiver.listen(port);
    return receiver;
  }

  async listen(port = this.port) {
    const take = (request, response) => this.#take(request, response);
    this.server = this.tls ? https.createServer(this.tls, take) : http.createServer(take);
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = this.server.address().port;
  }

  get url() {
    return `http${this.tls ? 's' : ''}://127.0.0.1:${this.port}/hook?token=inTheUrl`;
  }

  /** What was answered with 2xx, in order. */
  get accepted() {
    return this.requests.filter((request) => request.status >= 200 && request.status < 300);
  }

  accept(n, timeoutMs = 20000) {
    return until(`${n} accepted deliveries (${this.accepted.length})`, () => this.accepted.length >= n && this.accepted, timeoutMs);
  }

  seen(n, timeoutMs = 20000) {
    return until(`${n} requests (${this.requests.length})`, () => this.requests.length >= n && this.requests, timeoutMs);
  }

  async down() {
    if (!this.server.listening) return;
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #take(message, response) {
    const parts = [];
    message.on('data', (part) => parts.push(part));
    message.on('end', async () => {
      const raw = Buffer.concat(parts);
      const request = { raw, text: raw.toString(), headers: message.headers, at: performance.now() };
      const { status = 200, headers = {}, after } = this.behave(request);
      this.requests.push(request);
      await after;
      request.status = status;
      response.writeHead(status, headers).end('thank you');
    });
  }
}

/** Throws unless both signatures are right. @param {{raw: Buffer, headers: object}} request */
export function verify({ raw, headers }, secret, publicKey) {
  new Webhook(secret).verify(raw.toString(), headers);
  const good = createVerify('RSA-SHA256').update(raw).verify(publicKey, headers['videosdk-signature'], 'base64');
  if (!good) throw new Error('videosdk-signature is wrong');
}

export const sequences = (requests) => requests.map((request) => Number(request.headers['webhook-sequence']));
export const upTo = (n) => Array.from({ length: n }, (_, index) => index + 1);
