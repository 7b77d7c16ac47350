// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { once } from 'node:events';
import http from 'node:http';

import { Bottleneck } from './bottleneck.js';

/** A WHIP or WHEP endpoint on 127.0.0.1 whose media goes through a Bottleneck on its way to the real one. For one client. */
export class BottleneckEndpoint {
  /**
   * @param {string|URL} target the real endpoint @param {string} token for it
   * @param {{down?: import('./narrow_link.js').LinkSetup, up?: import('./narrow_link.js').LinkSetup}} links
   */
  static async open(target, token, links) {
    const endpoint = new BottleneckEndpoint();
    endpoint.bottleneck = await Bottleneck.open(links);
    const forward = (request, response) =>
      endpoint.#forward(request, response, target, token).catch(() => response.writeHead(502).end()); // the real one is gone
    endpoint.server = http.createServer(forward).listen(0, '127.0.0.1');
    await once(endpoint.server, 'listening');
    endpoint.url = `http://127.0.0.1:${endpoint.server.address().port}/`;
    return endpoint;
  }

  async #forward(request, response, target, token) {
    const body = (await request.setEncoding('utf8').toArray()).join('');
    const url = request.method === 'POST' ? target : new URL(request.url, target);
    const answer = await fetch(url, {
      method: request.method,
      headers: { authorization: token, 'content-type': request.headers['content-type'] ?? 'application/sdp' },
      body: body || undefined,
    });
    const text = await answer.text();
    const location = answer.headers.get('location');
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type') ?? 'text/plain',
      ...(location && { location: new URL(location, 'http://x').pathname }),
    });
    response.end(answer.status === 201 ? this.bottleneck.admit(text) : text);
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
    this.bottleneck.close();
  }
}
