// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import fs from 'node:fs';
import path from 'node:path';

const sample = (name) => fs.readFileSync(path.join(import.meta.dirname, '../fuzz/corpus/sdp_offer', name), 'utf8');

/** Offers as Chromium makes them. */
export const kPublishing = sample('chromium-publisher.sdp');
export const kWatching = sample('chromium-viewer.sdp');
export const kFragment = 'application/trickle-ice-sdpfrag';

/** The first value of an attribute. @param {string} sdp @param {string} name @returns {string|undefined} */
export const attribute = (sdp, name) => sdp.match(new RegExp(`^a=${name}:?(.*?)\\r?$`, 'm'))?.[1];

/** The m-sections of an SDP. @param {string} sdp @returns {string[]} */
export const sectionsOf = (sdp) => sdp.split(/^(?=m=)/m).slice(1);

/** A fragment with a candidate (RFC 8840 section 9). */
export const trickle = (ufrag, pwd) =>
  [
    'a=group:BUNDLE 0 1',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'a=mid:0',
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${pwd}`,
    'a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host',
    'a=candidate:2 1 udp 2122260222 4c8f.local 61764 typ host',
    'a=candidate:3 1 sctp 1 192.0.2.1 9 typ host',
    'a=end-of-candidates',
    '',
  ].join('\r\n');

/** WHIP and WHEP with nothing but HTTP. */
export class WhipWire {
  /** @param {string} server base URL @param {string} token */
  constructor(server, token) {
    this.server = server;
    this.token = token;
  }

  /**
   * One request; no redirect is followed. `authorization`: null for none.
   * @returns {Promise<{status: number, headers: Headers, text: string, json: object|null}>}
   */
  async send(method, route, { authorization = `Bearer ${this.token}`, type, body, ...headers } = {}) {
    const response = await fetch(new URL(route, this.server), {
      method,
      redirect: 'manual',
      headers: { ...(authorization && { authorization }), ...(type && { 'content-type': type }), ...headers },
      body,
    });
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : null;
    return { status: response.status, headers: response.headers, text, json };
  }

  offer(route, sdp, more = {}) {
    return this.send('POST', route, { type: 'application/sdp', body: sdp, ...more });
  }

  /** An offer that must be taken. @returns {Promise<{location: string, etag: string, answer: string, headers: Headers}>} */
  async open(route, sdp) {
    const { status, headers, text } = await this.offer(route, sdp);
    if (status !== 201) throw new Error(`POST ${route}: ${status} ${text}`);
    return { location: headers.get('location'), etag: headers.get('etag'), answer: text, headers };
  }

  patch(location, body, etag, type = kFragment) {
    return this.send('PATCH', location, { type, body, ...(etag && { 'if-match': etag }) });
  }
}
