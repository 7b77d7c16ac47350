// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Connections stay open between requests, and whichever way they end nothing of them is left.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import test, { after, before } from 'node:test';

import { until, within } from '../lib/deadline.js';
import { holdings } from '../lib/process.js';
import { rawConnection } from '../lib/raw_http.js';
import { Rostrum } from '../lib/rostrum.js';

const kConnections = 150; // of each kind
const kAtOnce = 25;
const kRequest = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';

let rostrum;
before(async () => {
  rostrum = await Rostrum.start();
});
after(() => rostrum?.stop());

const open = async () => Number((await rostrum.ok('GET', '/metrics')).match(/^rostrum_http_connections (\d+)$/m)[1]);

/** A connection that asks `requests` times, one after the other, and is left to the caller. */
async function connection(requests) {
  const socket = net.connect(Number(new URL(rostrum.url).port), '127.0.0.1');
  await once(socket, 'connect');
  let text = '';
  const replies = () => text.split('"status":"ok"').length - 1;
  socket.on('data', (data) => (text += data));
  for (let n = 1; n <= requests; n++) {
    socket.write(kRequest);
    while (replies() < n) await within('a reply', once(socket, 'data'));
  }
  return socket;
}

test('a connection serves many requests', async () => {
  const socket = await connection(50);
  assert.equal(socket.readyState, 'open');
  socket.destroy();
});

test('a reply without a body does not end its connection', async () => {
  const etag = (await fetch(`${rostrum.url}/openapi.json`)).headers.get('etag');
  const rows = [
    ['OPTIONS /v2/rooms HTTP/1.1\r\nHost: localhost\r\n\r\n', '204'],
    [`GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: ${etag}\r\n\r\n`, '304'],
  ];
  for (const [request, status] of rows) {
    const socket = net.connect(Number(new URL(rostrum.url).port), '127.0.0.1');
    await once(socket, 'connect');
    for (let n = 0; n < 3; n++) {
      socket.write(request);
      const [data] = await within(`${status} number ${n + 1}`, once(socket, 'data'));
      assert.match(String(data), new RegExp(`^HTTP/1\\.1 ${status} (?![^]*connection: close)[^]*\r\n\r\n$`, 'i'));
    }
    socket.destroy();
  }
});

test('requests that come at once are answered in order', async () => {
  const socket = net.connect(Number(new URL(rostrum.url).port), '127.0.0.1');
  let text = '';
  socket.on('data', (data) => (text += data));
  socket.write(kRequest + kRequest.replace('/healthz', '/v2/nothing') + kRequest);
  await until('three replies', () => (text.match(/HTTP\/1\.1/g) ?? []).length === 3);
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
  socket.destroy();
});

test('a body that is cut short is not taken for a whole one', async () => {
  const { authorization, body } = { authorization: rostrum.token(), body: '{"customRoomId":"cut"}' };
  const head = `POST /v2/rooms HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  for (const requests of [0, 1]) {
    const socket = await connection(requests);
    socket.end(head + body.slice(0, -1));
    await once(socket, 'close');
  }
  assert.equal((await rostrum.call('GET', '/v2/rooms/cut')).status, 404);
});

test('where a request ends is never a guess: what comes after a doubtful one is not read', async () => {
  const head = `POST /v2/rooms HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${rostrum.token()}\r\nContent-Type: application/json\r\n`;
  const chunked = '2\r\n{}\r\n0\r\n\r\n';
  const rows = [
    ['Transfer-Encoding: chunked\r\nContent-Length: 3', chunked, /either/],
    ['Transfer-Encoding: xchunked\r\nContent-Length: 2', '{}', /Transfer-Encoding may be/],
    ['Content-Length: 2\r\nContent-Length: 40', '{}', /whole number/],
    ['Content-Length: +2', '{}', /whole number/],
  ];
  for (const [framing, body, message] of rows) {
    const socket = await rawConnection(rostrum.url);
    socket.write(`${head}${framing}\r\n\r\n${body}${kRequest}`);
    await within('the connection ends', socket.over);
    assert.deepEqual(socket.heard.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 400'], framing);
    assert.match(socket.heard, message);
  }
});

test('a message in pieces is no longer than one in one piece', async () => {
  const room = await rostrum.room();
  const url = new URL(`/v2/rooms/${room}/events`, rostrum.url);
  const query = new URLSearchParams({ token: rostrum.hostToken(room), participantId: 'pieces' });
  const piece = (first, size) => Buffer.concat([Buffer.from([first, 0xfe, size >> 8, size & 255, 0, 0, 0, 0]), Buffer.alloc(size, 'x')]);
  const socket = await rawConnection(rostrum.url);
  socket.write(
    `GET ${url.pathname}?${query} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  await until('the greeting', () => socket.heard.includes('meeting-joined'));
  socket.write(Buffer.concat([piece(0x01, 8000), piece(0x80, 8000)]));
  await until('an answer to 16,000 bytes', () => socket.heard.includes('unknown command'));
  socket.write(piece(0x01, 8000));
  const sent = setInterval(() => socket.writable && socket.write(piece(0x00, 8000)), 1);
  await within('the connection ends', socket.over);
  clearInterval(sent);
});

test('connections that end leave nothing', async () => {
  const before = holdings(rostrum.pid).fds;
  const ways = {
    'after a reply': async () => (await connection(1)).destroy(),
    'after two replies, half closed': async () => (await connection(2)).end(),
    'before a request': async () => (await connection(0)).destroy(),
    'by a reset after a reply': async () => (await connection(1)).resetAndDestroy(),
    'inside a request': async () => (await connection(1)).end('GET /heal'),
  };
  for (const [way, end] of Object.entries(ways)) {
    for (let n = 0; n < kConnections; n += kAtOnce) await Promise.all(Array.from({ length: kAtOnce }, end));
    await until(`all that ended ${way} are gone`, async () => (await open()) <= 2); // one of our own, one between two
  }
  assert.ok(holdings(rostrum.pid).fds <= before + 2);
});
