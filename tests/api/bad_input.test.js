// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import test, { after, before } from 'node:test';

import { until, within } from '../lib/deadline.js';
import { Rostrum } from '../lib/rostrum.js';

let rostrum;
let room;

before(async () => {
  rostrum = await Rostrum.start({ args: ['--request-timeout', '2'] });
  room = await rostrum.room();
});
after(() => rostrum?.stop());

/** Until the connection is over, in whatever way. */
const over = (socket) => new Promise((resolve) => (socket.destroyed ? resolve() : socket.once('close', resolve)));

async function send(method, route, { body, type = 'application/json', token = rostrum.token() } = {}) {
  const headers = { authorization: token };
  if (type) headers['content-type'] = type;
  const response = await fetch(rostrum.url + route, { method, headers, body, duplex: 'half' });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
}

test('bodies that are not what they should be', async () => {
  const deep = '['.repeat(100000);
  const rows = [
    ['garbage', { body: '\u0000\u0001garbage' }, 400, /not JSON/],
    ['truncated', { body: '{"customRoomId":"a' }, 400, /cut short/],
    ['array', { body: '[]' }, 400, /object/],
    ['deep', { body: `{"a":${deep}` }, 400, /too deeply/],
    ['assignment', { body: 'var a = {}' }, 400, /not JSON/],
    ['not UTF-8', { body: Buffer.from('{"customRoomId":"\xff"}', 'latin1') }, 400, /UTF-8/],
    ['form', { body: 'a=b', type: 'application/x-www-form-urlencoded' }, 415, /application\/json/],
    ['no type', { body: Buffer.from('{"a":1}'), type: null }, 415, /application\/json/],
    ['oversized', { body: JSON.stringify({ customRoomId: 'x'.repeat(300000) }) }, 413, /larger than/],
  ];
  for (const [name, options, status, message] of rows) {
    const answer = await send('POST', '/v2/rooms', options);
    assert.equal(answer.status, status, name);
    assert.match(answer.body.message, message, name);
    assert.equal(answer.body.requestId, answer.headers.get('x-request-id'), name);
  }
});

test('offers that are not what they should be start no session', async () => {
  const type = 'application/sdp';
  const random = crypto.randomBytes(2000);
  for (const route of [`/whip/${room}`, `/whep/${room}`, `/v2/whip?roomId=${room}`]) {
    assert.equal((await send('POST', route, { body: '{}' })).status, 415, route);
    assert.equal((await send('POST', route, { body: 'hello', type })).status, 400, route);
    assert.equal((await send('POST', route, { body: random, type })).status, 400, route);
    assert.equal((await send('POST', route, { body: 'v=0\r\n\0', type })).status, 400, route);
    assert.equal((await send('POST', route, { body: `v=0\r\n${'a=x\r\n'.repeat(100000)}`, type })).status, 413, route);
    assert.equal(
      (await send('POST', `${route}${route.includes('?') ? '&' : '?'}participantId=a%20b`, { body: 'v=0\r\n', type })).status,
      400,
    );
  }
  assert.equal((await rostrum.ok('GET', '/v2/sessions')).data.length, 0);
});

test('an SDP that begins well and is broken is a 4xx from the session', async () => {
  const truncated = 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN';
  for (const route of [`/whip/${room}`, `/whep/${room}`, `/whep/${room}/nobody`, `/whep/${room}/%ff%fe`])
    for (const body of ['v=0\r\n', truncated, `${truncated} IP4 0.0.0.0\r\na=mid:0\r\n`]) {
      const answer = await send('POST', route, { body, type: 'application/sdp' });
      assert.ok(answer.status >= 400 && answer.status < 500, `${route} ${answer.status}`);
      assert.ok(answer.body.code && answer.body.message && answer.body.requestId);
    }
});

test('resources that are not there', async () => {
  for (const id of ['x', '0'.repeat(24), `${'0'.repeat(24)}-r`, '%00', 'a%2Fb']) {
    assert.equal((await send('DELETE', `/v2/whip/sessions/${id}`, { type: null })).status, 404, id);
    assert.equal((await send('PATCH', `/v2/whep/sessions/${id}`, { body: 'a', type: 'application/trickle-ice-sdpfrag' })).status, 404, id);
  }
  for (const route of ['/v2/sessions/x', '/v2/livestreams/x', '/v2/recordings/x', '/v2/recordings/x/file', '/v2/sessions/x/graph'])
    assert.equal((await send('GET', route, { type: null })).status, 404, route);
});

test('paths and methods that are not there', async () => {
  for (const route of ['/', '/v2', '/v2/nothing', '/assets/../studio.html', '/assets/%2e%2e/studio.html', '/v2/rooms//x/y'])
    assert.equal((await send('GET', route, { type: null })).status, 404, route);
  assert.equal((await fetch(`${rostrum.url}/%`)).status, 400);
  for (const [method, route] of [
    ['DELETE', `/v2/rooms/${room}`],
    ['PUT', '/v2/rooms'],
    ['PUT', `/whip/${room}`],
    ['PATCH', '/healthz'],
  ]) {
    const answer = await send(method, route, { type: null });
    assert.equal(answer.status, 405, `${method} ${route}`);
    assert.ok(answer.headers.get('allow'));
  }
});

test('an RTMP output with the wrong scheme stops the whole start', async () => {
  const host = await rostrum.events(room, { participantId: 'ann' });
  for (const [outputs, message] of [
    [[{ url: 'http://a/b', streamKey: 'k' }], /outputs\[0\].*rtmp/],
    [[{ url: 'rtmp://127.0.0.1/a', streamKey: 'k' }, { url: 'file:///etc/passwd' }], /outputs\[1\]/],
    [[], /list of 1 to 10/],
    [undefined, /list of 1 to 10/],
    [[{ url: 'rtmp://' }], /host/],
    [Array.from({ length: 11 }, () => ({ url: 'rtmp://a/b' })), /list of 1 to 10/],
  ]) {
    const { status, body } = await rostrum.call('POST', '/v2/livestreams/start', { roomId: room, outputs });
    assert.deepEqual([status, body.code], [400, 4015]);
    assert.match(body.message, message);
  }
  const slip = await rostrum.call('POST', '/v2/recordings/start', { roomId: room, config: { layout: { type: 'GIRD' } } });
  assert.equal(slip.status, 400);
  assert.match(slip.body.message, /did you mean 'GRID'/);
  assert.equal((await rostrum.ok('GET', `/v2/livestreams?roomId=${room}`)).data.length, 0);
  assert.ok(!host.names().includes('livestream-state-changed'));
  await host.close();
});

test('without a session nothing can be started or ended', async () => {
  const empty = await rostrum.room();
  const whose = { participantId: 'ann' };
  const track = { ...whose, kind: 'audio' };
  for (const [route, code, body] of [
    ['/v2/recordings/start', 4011],
    ['/v2/recordings/end', 4012],
    ['/v2/recordings/stop', 4012],
    ['/v2/livestreams/start', 4013, { outputs: [{ url: 'rtmp://example.org/live', streamKey: 'k' }] }],
    ['/v2/livestreams/end', 4014],
    ['/v2/livestreams/stop', 4014],
    ['/v2/hls/start', 4016],
    ['/v2/hls/stop', 4017],
    ['/v2/recordings/participant/start', 4035, whose],
    ['/v2/recordings/participant/stop', 4036, whose],
    ['/v2/recordings/participant/track/start', 4037, track],
    ['/v2/recordings/participant/track/stop', 4038, track],
    ['/v2/recordings/composite/start', 4039],
    ['/v2/recordings/composite/stop', 4040],
  ]) {
    const { status, body: answer } = await rostrum.call('POST', route, { roomId: empty, ...body });
    assert.deepEqual([status, answer.code], [404, code], route);
  }
  assert.equal((await rostrum.call('POST', '/v2/sessions/end', { roomId: empty })).status, 404);
  assert.equal((await send('POST', `/v2/whep?roomId=${empty}`, { body: 'v=0\r\n', type: 'application/sdp' })).status, 404);
});

test('WebSocket messages that are no commands are answered, not fatal', async () => {
  const client = await rostrum.events(room, { participantId: 'odd' });
  for (const text of ['', 'garbage', '[]', '{"command":5}', '{"command":"fly"}', '['.repeat(5000)]) {
    const from = client.messages.length;
    client.socket.send(text);
    assert.equal((await client.next('error', undefined, { from })).data.code, 400);
  }
  client.socket.send(Buffer.from([1, 2, 3]));
  client.send('ping');
  await client.next('pong');
  client.socket.send('x'.repeat(100000)); // more than a command may be: the connection ends, the server does not
  await within('the connection ends', client.closed);
});

test('a handshake that is wrong is 400', async () => {
  const response = await new Promise((resolve, reject) => {
    const socket = net.connect(new URL(rostrum.url).port, '127.0.0.1');
    socket.write(`GET /v2/rooms/${room}/events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(String(data));
    });
    socket.once('error', reject);
  });
  assert.match(response, /^HTTP\/1\.1 400 /);
});

test('slow and half-hearted clients cost only their own connection', async () => {
  const port = new URL(rostrum.url).port;
  const sockets = await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      if (i % 3 === 1) socket.write('POST /v2/rooms HTTP/1.1\r\nHost: x\r\n');
      if (i % 3 === 2) socket.write('POST /v2/rooms HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
      return socket;
    }),
  );
  assert.equal((await rostrum.call('GET', '/v2/rooms')).status, 200, 'others are served meanwhile');
  const closed = Promise.all(sockets.map(over));
  const drip = setInterval(() => sockets.forEach((socket) => socket.writable && socket.write('X')), 300);
  for (const socket of sockets) socket.resume();
  await within('all of them are cut off', closed, 8000).finally(() => clearInterval(drip));
  await until('no connection is left behind', async () => {
    const metrics = await (await fetch(`${rostrum.url}/metrics`)).text();
    return Number(metrics.match(/^rostrum_http_connections (\d+)$/m)[1]) < 10;
  });
});

test('an endless body is cut off', async () => {
  const socket = net.connect(new URL(rostrum.url).port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  socket.write('POST /v2/rooms HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
  const pump = () => {
    while (socket.writable && socket.write(chunk));
  };
  socket.on('drain', pump);
  pump();
  await within('the connection is cut', over(socket), 8000);
});

test('garbage instead of HTTP', async () => {
  for (const bytes of [crypto.randomBytes(500), Buffer.from('\r\n\r\n\r\n'), Buffer.from(`GET /${'a'.repeat(200000)} HTTP/1.1\r\n\r\n`)]) {
    const socket = net.connect(new URL(rostrum.url).port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    socket.end(bytes);
    await within('the connection ends', over(socket), 8000);
  }
  assert.equal((await rostrum.call('GET', '/v2/rooms')).status, 200);
});

test('browsers may call from elsewhere', async () => {
  const preflight = await fetch(`${rostrum.url}/whip/${room}`, {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
  });
  assert.equal(preflight.status, 200);
  assert.equal(preflight.headers.get('access-control-allow-origin'), '*');
  assert.match(preflight.headers.get('access-control-allow-headers'), /authorization/i);
  assert.match(preflight.headers.get('access-control-allow-methods'), /POST/);
  assert.equal(preflight.headers.get('accept-post'), 'application/sdp');
  const refused = await fetch(`${rostrum.url}/v2/rooms`);
  assert.equal(refused.headers.get('access-control-allow-origin'), '*');
  assert.match(refused.headers.get('access-control-expose-headers'), /Location/);
});
