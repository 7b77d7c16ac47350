// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import test, { after, before } from 'node:test';

import { Rostrum } from '../lib/rostrum.js';
import { kWatching, WhipWire } from '../lib/whip_wire.js';

let rostrum;
before(async () => (rostrum = await Rostrum.start()));
after(() => rostrum?.stop());

async function post(route, body, key, token = rostrum.token()) {
  const headers = { authorization: token, 'content-type': 'application/json', ...(key !== undefined && { 'idempotency-key': key }) };
  const response = await fetch(rostrum.url + route, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json(), again: response.headers.get('idempotent-replayed') };
}
const total = async (route) => (await rostrum.ok('GET', route)).pageInfo.total;

test('the same request with the same key is done once, also after a restart', async () => {
  const key = crypto.randomUUID();
  const first = await post('/v2/rooms', { geoFence: 'eu001' }, key);
  assert.deepEqual([first.status, first.again], [200, null]);
  for (const spelling of [key, `"${key}"`]) {
    const second = await post('/v2/rooms', { geoFence: 'eu001' }, spelling);
    assert.deepEqual([second.status, second.again, second.body], [200, 'true', first.body]);
  }
  rostrum.program.child.kill('SIGKILL');
  await rostrum.program.ended;
  await rostrum.launch();
  const third = await post('/v2/rooms', { geoFence: 'eu001' }, key);
  assert.deepEqual([third.again, third.body.id], ['true', first.body.id]);
  assert.equal(await total('/v2/rooms'), 1);
  assert.notEqual((await post('/v2/rooms', { geoFence: 'eu001' }, crypto.randomUUID())).body.id, first.body.id);
});

test('a key belongs to one request, and to what the token allows', async () => {
  const key = crypto.randomUUID();
  const room = await rostrum.room();
  const deactivate = (token) => post('/v2/rooms/deactivate', { roomId: room }, key, token);
  assert.equal((await deactivate()).status, 200);
  const rows = [
    ['body', () => post('/v2/rooms/deactivate', { roomId: `${room}x` }, key)],
    ['path', () => post('/v2/rooms', { roomId: room }, key)],
    ['query', () => post('/v2/rooms/deactivate?a=b', { roomId: room }, key)],
    ['permission', () => deactivate(rostrum.token({ permissions: ['allow_join'] }))],
    ['room', () => deactivate(rostrum.hostToken(room))],
  ];
  for (const [what, again] of rows) {
    const { status, body } = await again();
    assert.deepEqual([status, body.code], [422, 422], what);
    assert.match(body.message, /another request/);
  }
  assert.equal((await deactivate(rostrum.token({ apikey: 'other' }))).status, 401);
  assert.equal((await deactivate(rostrum.token({ jti: 'renewed' }))).again, 'true');
});

test('what was refused did nothing: the key is free', async () => {
  const key = crypto.randomUUID();
  assert.equal((await post('/v2/rooms', { customRoomId: 'a b' }, key)).status, 400);
  assert.equal((await post('/v2/rooms', { customRoomId: 'ab' }, key)).status, 200);
});

test('keys that are none', async () => {
  for (const key of [' a b', 'x'.repeat(256), '""', 'ü']) {
    const { status, body } = await post('/v2/rooms', {}, key);
    assert.equal(status, 400, key);
    assert.match(body.message, /Idempotency-Key/);
  }
  const get = await fetch(`${rostrum.url}/v2/rooms`, { headers: { authorization: rostrum.token(), 'idempotency-key': 'a b' } });
  assert.equal(get.status, 200, 'other methods do not look at it');
});

test('of many at the same moment one is done', async () => {
  const room = await rostrum.room();
  const client = await rostrum.events(room, { participantId: 'ann' });
  const config = { layout: { type: 'CUSTOM', description: { regions: [{ show: 'main' }] } } };
  const key = crypto.randomUUID();
  const replies = await Promise.all(Array.from({ length: 20 }, () => post('/v2/recordings/start', { roomId: room, config }, key)));
  const done = replies.filter(({ status }) => status === 200);
  assert.ok(done.length >= 1, JSON.stringify(replies[0]));
  assert.equal(new Set(done.map(({ body }) => body.id)).size, 1);
  for (const { status, body } of replies)
    if (status !== 200) assert.deepEqual([status, body.message.includes('still being done')], [409, true], JSON.stringify(body));
  assert.equal(await total(`/v2/recordings?roomId=${room}`), 1);
  assert.equal((await post('/v2/recordings/start', { roomId: room, config }, key)).body.id, done[0].body.id);
  await client.close();
});

test('WHIP and WHEP do not take part: what is in the headers of their replies is not kept', async () => {
  const room = await rostrum.room();
  const wire = new WhipWire(rostrum.url, rostrum.hostToken(room));
  const key = { 'idempotency-key': crypto.randomUUID() };
  const places = new Set();
  const place = async (reply) => places.add((await reply).headers.get('location'));
  for (let i = 0; i < 2; ++i) await place(wire.offer(`/whep/${room}?participantId=vic`, kWatching, key));
  const [resource] = places;
  for (let i = 0; i < 2; ++i) await place(wire.send('POST', `${resource}/events`, { type: 'application/json', body: '[]', ...key }));
  assert.equal(places.size, 4);
  assert.ok(!places.has(null));
});

test('a request with a key is counted once', async () => {
  const counting = await Rostrum.start({ args: ['--requests-per-key', '1,15'] });
  try {
    const headers = { authorization: counting.token(), 'content-type': 'application/json' };
    const ask = (key) => fetch(`${counting.url}/v2/rooms`, { method: 'POST', headers: { ...headers, 'idempotency-key': key }, body: '{}' });
    const replies = await Promise.all(Array.from({ length: 10 }, () => ask(crypto.randomUUID())));
    assert.deepEqual([...new Set(replies.map(({ status }) => status))], [200]);
  } finally {
    await counting.stop();
  }
});
