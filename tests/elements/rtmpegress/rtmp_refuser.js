// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { once } from 'node:events';
import net from 'node:net';

const string = (text) => Buffer.concat([Buffer.from([2, text.length >> 8, text.length & 255]), Buffer.from(text)]);
const number = (value) => {
  const bytes = Buffer.alloc(9);
  bytes.writeDoubleBE(value, 1);
  return bytes;
};
const object = (fields) =>
  Buffer.concat([
    Buffer.from([3]),
    ...Object.entries(fields).flatMap(([key, value]) => [string(key).subarray(1), string(value)]),
    Buffer.from([0, 0, 9]),
  ]);

/** One AMF0 command message in one RTMP chunk (all of ours are below 128 bytes of payload or cut into chunks of 128). */
function command(...values) {
  const payload = Buffer.concat(values);
  const header = Buffer.from([3, 0, 0, 0, 0, payload.length >> 8, payload.length & 255, 20, 0, 0, 0, 0]);
  const parts = [header];
  for (let at = 0; at < payload.length; at += 128) {
    if (at > 0) parts.push(Buffer.from([0xc3]));
    parts.push(payload.subarray(at, at + 128));
  }
  return Buffer.concat(parts);
}

/**
 * Speaks as much RTMP as it takes to do one unkind thing to each client:
 * "reset-at-once", "reset-after-handshake", "garbage", or an object {code, description} = refuses `connect` with that.
 */
export class RtmpRefuser {
  connections = 0;
  sockets = new Set();

  static async start(deed) {
    const refuser = new RtmpRefuser();
    refuser.server = net.createServer((socket) => refuser.#serve(socket, deed)).listen(0, '127.0.0.1');
    await once(refuser.server, 'listening');
    refuser.url = `rtmp://127.0.0.1:${refuser.server.address().port}/live`;
    return refuser;
  }

  stop() {
    for (const socket of this.sockets) socket.destroy();
    return new Promise((resolve) => this.server.close(resolve));
  }

  #serve(socket, deed) {
    this.connections++;
    this.sockets.add(socket.on('close', () => this.sockets.delete(socket)));
    socket.on('error', () => {});
    if (deed === 'reset-at-once') return void socket.resetAndDestroy();
    if (deed === 'garbage') return void socket.end(Buffer.alloc(65536, 0x5a));
    const kHandshake = 1536;
    let received = Buffer.alloc(0);
    let greeted = false;
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      if (!greeted && received.length >= 1 + kHandshake) {
        greeted = true;
        const s1 = Buffer.alloc(kHandshake);
        socket.write(Buffer.concat([Buffer.from([3]), s1, received.subarray(1, 1 + kHandshake)]));
      }
      if (received.length <= 1 + 2 * kHandshake || !received.includes('connect')) return;
      if (deed === 'reset-after-handshake') return void socket.resetAndDestroy();
      socket.end(command(string('_error'), number(1), Buffer.from([5]), object({ level: 'error', ...deed })));
    });
  }
}
