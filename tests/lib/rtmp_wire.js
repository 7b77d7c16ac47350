// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// RTMP as bytes: AMF0 and chunks, written for tests from the specification and not from the code under test.

export const kHandshake = 1536;

const text = (value) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
};

/** One AMF0 value: null, boolean, number, string or plain object. */
export function amf(value) {
  if (value === null) return Buffer.from([5]);
  if (typeof value === 'boolean') return Buffer.from([1, Number(value)]);
  if (typeof value === 'string') return Buffer.concat([Buffer.from([2]), text(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  const members = Object.entries(value).flatMap(([key, member]) => [text(key), amf(member)]);
  return Buffer.concat([Buffer.from([3]), ...members, Buffer.from([0, 0, 9])]);
}

/** All AMF0 values of a message body. */
export function parseAmf(body) {
  let at = 0;
  const string = () => {
    const size = body.readUInt16BE(at);
    at += 2 + size;
    return body.toString('utf8', at - size, at);
  };
  const members = () => {
    const object = {};
    for (;;) {
      const key = string();
      if (key === '' && body[at] === 9) {
        at++;
        return object;
      }
      object[key] = value();
    }
  };
  const value = () => {
    switch (body[at++]) {
      case 0:
        at += 8;
        return body.readDoubleBE(at - 8);
      case 1:
        return body[at++] !== 0;
      case 2:
        return string();
      case 3:
        return members();
      case 5:
      case 6:
        return null;
      case 8:
        at += 4;
        return members();
      default:
        throw new Error(`AMF0 marker ${body[at - 1]}`);
    }
  };
  const values = [];
  while (at < body.length) values.push(value());
  return values;
}

/** A message in chunks of 128 bytes (the default), on a chunk stream below 64. */
export function message(type, body, { chunkStream = 3, streamId = 0 } = {}) {
  const header = Buffer.alloc(12);
  header[0] = chunkStream;
  header.writeUIntBE(body.length, 4, 3);
  header[7] = type;
  header.writeUInt32LE(streamId, 8);
  const parts = [header];
  for (let at = 0; at < body.length || at === 0; at += 128) {
    if (at > 0) parts.push(Buffer.from([0xc0 | chunkStream]));
    parts.push(body.subarray(at, at + 128));
  }
  return Buffer.concat(parts);
}

export const command = (...values) => message(20, Buffer.concat(values.map(amf)));

const word = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

export const acknowledgement = (bytes) => message(3, word(bytes), { chunkStream: 2 });
export const windowAckSize = (bytes) => message(5, word(bytes), { chunkStream: 2 });
export const setChunkSize = (bytes) => message(1, word(bytes), { chunkStream: 2 });
export const setPeerBandwidth = (bytes) => message(6, Buffer.concat([word(bytes), Buffer.from([2])]), { chunkStream: 2 });
export const pingRequest = (stamp) => message(4, Buffer.concat([Buffer.from([0, 6]), word(stamp)]), { chunkStream: 2 });

/** Chunks into messages. */
export class ChunkParser {
  chunkSize = 128;
  #bytes = Buffer.alloc(0);
  #streams = new Map();

  /** @returns {{type: number, streamId: number, timestamp: number, body: Buffer}[]} what these bytes complete */
  feed(bytes) {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    const messages = [];
    for (let chunk; (chunk = this.#chunk());) {
      if (!chunk.message) continue;
      if (chunk.message.type === 1) this.chunkSize = chunk.message.body.readUInt32BE(0);
      messages.push(chunk.message);
    }
    return messages;
  }

  #chunk() {
    const bytes = this.#bytes;
    if (bytes.length < 1) return undefined;
    const format = bytes[0] >> 6;
    const id = bytes[0] & 63;
    if (id < 2) throw new Error('no chunk stream of ours is above 63');
    let at = 1 + [11, 7, 3, 0][format];
    if (bytes.length < at) return undefined;
    const stream = this.#streams.get(id) ?? { parts: [], size: 0, timestamp: 0 };
    const next = { ...stream };
    if (format < 3) next.delta = bytes.readUIntBE(1, 3);
    if (format < 2) {
      next.length = bytes.readUIntBE(4, 3);
      next.type = bytes[7];
    }
    if (format === 0) next.streamId = bytes.readUInt32LE(8);
    if (format < 3) next.extended = next.delta === 0xffffff;
    if (next.extended) {
      if (bytes.length < at + 4) return undefined;
      next.delta = bytes.readUInt32BE(at);
      at += 4;
    }
    const size = Math.min(this.chunkSize, next.length - next.size);
    if (bytes.length < at + size) return undefined;
    if (next.size === 0) next.timestamp = format === 0 ? next.delta : (next.timestamp + next.delta) >>> 0;
    this.#bytes = bytes.subarray(at + size);
    next.parts = [...next.parts, Buffer.from(bytes.subarray(at, at + size))];
    next.size += size;
    const whole = next.size === next.length;
    this.#streams.set(id, whole ? { ...next, parts: [], size: 0 } : next);
    if (!whole) return {};
    const { type, streamId, timestamp } = next;
    return { message: { type, streamId, timestamp, body: Buffer.concat(next.parts) } };
  }
}
