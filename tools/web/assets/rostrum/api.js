// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

/** What the server refused, or that it could not be reached (`status` 0). */
export class RostrumError extends Error {
  /** @param {{message: string, code?: number|string, status?: number, requestId?: string, retryAfterMs?: number}} fields */
  constructor({ message, code = 0, status = 0, requestId = '', retryAfterMs = 0 }) {
    super(message);
    this.name = 'RostrumError';
    this.code = code;
    this.status = status;
    this.requestId = requestId;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the same request may succeed later: network, overload, server trouble. */
  get transient() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** @param {Response} response */
  static async from(response) {
    const text = await response.text().catch(() => '');
    let body = {};
    try {
      body = JSON.parse(text);
    } catch {
      body = { message: text };
    }
    if (typeof body === 'string') body = { message: body };
    return new RostrumError({
      message: body?.message || `${response.status} ${response.statusText}`,
      code: body?.code,
      status: response.status,
      requestId: body?.requestId,
      retryAfterMs: 1000 * (Number(response.headers.get('retry-after')) || 0),
    });
  }
}

/** `fetch` whose every failure is a RostrumError. */
export async function request(url, init) {
  let response;
  try {
    response = await fetch(url, init);
  } catch (cause) {
    throw new RostrumError({ message: `The server cannot be reached (${cause.message})` });
  }
  if (!response.ok) throw await RostrumError.from(response);
  return response;
}

/**
 * An RTMP destination.
 * @typedef {{url: string, streamKey: string}} Output
 * Composition as in the REST API; all optional.
 * @typedef {{layout?: {type?: 'GRID'|'SIDEBAR'|'SPOTLIGHT'|'PIP'|'SCREEN'|'CUSTOM', priority?: 'SPEAKER'|'PIN', gridSize?: number,
 *     gap?: ?number, radius?: ?number, description?: object}, speakerBorder?: ?number, accent?: ?string,
 *   transition?: {ms?: number, ease?: string}, pinned?: string[], screens?: string[],
 *   theme?: 'DARK'|'LIGHT'|'DEFAULT', quality?: 'low'|'med'|'high'|'ultra', orientation?: 'landscape'|'portrait'}} Composition
 */

/** The management calls of one room. They need `allow_mod` in the token. */
export class Api {
  /** @param {{server: string|URL, roomId: string, token: string}} options */
  constructor({ server, roomId, token }) {
    this.server = new URL(server);
    this.roomId = roomId;
    this.token = token;
  }

  /** @returns {Promise<*>} the decoded JSON body */
  async call(method, path, body) {
    const response = await request(new URL(path, this.server), {
      method,
      headers: { authorization: this.token, ...(body && { 'content-type': 'application/json' }) },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    return text ? JSON.parse(text) : null;
  }

  /** @param {Output[]} outputs @param {Composition} [config] */
  startLivestream(outputs, config) {
    return this.call('POST', 'v2/livestreams/start', { roomId: this.roomId, outputs, ...(config && { config }) });
  }

  /** @param {string} [id] one livestream; without it, the running one */
  endLivestream(id) {
    return this.call('POST', 'v2/livestreams/end', { roomId: this.roomId, ...(id && { id }) });
  }

  /** @param {Composition} [config] */
  startRecording(config) {
    return this.call('POST', 'v2/recordings/start', { roomId: this.roomId, ...(config && { config }) });
  }

  /** @param {string} [id] one recording; without it, the running one */
  endRecording(id) {
    return this.call('POST', 'v2/recordings/end', { roomId: this.roomId, ...(id && { id }) });
  }

  /** Changes the running picture; what is not named stays. @param {Composition} composition */
  changeComposition(composition) {
    return this.call('PATCH', `v2/rooms/${encodeURIComponent(this.roomId)}/composition`, composition);
  }

  /** Ends the session for everybody. */
  endSession() {
    return this.call('POST', 'v2/sessions/end', { roomId: this.roomId });
  }

  /** @param {string} participantId */
  removeParticipant(participantId) {
    return this.call('POST', 'v2/sessions/participants/remove', { roomId: this.roomId, participantId });
  }

  /** Recordings of this room, newest first as the server sorts them. */
  recordings() {
    return this.call('GET', `v2/recordings?roomId=${encodeURIComponent(this.roomId)}`);
  }
}
