// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { EventClient } from '../lib/events.js';
import { Rostrum } from '../lib/rostrum.js';

let rostrum;

before(async () => {
  rostrum = await Rostrum.start();
});
after(() => rostrum?.stop());

test('a room has an id of its own and is found by each of its names', async () => {
  const room = await rostrum.ok('POST', '/v2/rooms', { customRoomId: 'my-show' });
  assert.match(room.roomId, /^[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}$/);
  assert.match(room.id, /^[0-9a-f]{24}$/);
  assert.equal(room.disabled, false);
  assert.match(room.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(room.links.get_room, `${rostrum.url}/v2/rooms/${room.roomId}`);
  for (const id of [room.roomId, room.id, 'my-show']) {
    const { user, ...found } = await rostrum.ok('GET', `/v2/rooms/${id}`);
    assert.deepEqual(found, room);
    assert.deepEqual(user, { email: null, name: room.userId, discontinuedReason: null, id: room.userId });
    assert.equal((await rostrum.ok('GET', `/v2/rooms/validate/${id}`)).roomId, room.roomId);
  }
  assert.notEqual((await rostrum.ok('POST', '/v2/rooms')).roomId, (await rostrum.ok('POST', '/v2/rooms')).roomId);
});

test('a fence around another place is refused where the server says where it is', async () => {
  const elsewhere = await Rostrum.start({ args: ['--region', 'eu001'] });
  try {
    assert.equal((await elsewhere.ok('POST', '/v2/rooms', { geoFence: 'eu001' })).geoFence, 'eu001');
    const { status, body } = await elsewhere.call('POST', '/v2/rooms', { geoFence: 'in002' });
    assert.equal(status, 400);
    assert.match(body.message, /this server is in 'eu001'/);
  } finally {
    await elsewhere.stop();
  }
});

test('customRoomId is idempotent, also at the same moment', async () => {
  const rooms = await Promise.all(Array.from({ length: 20 }, () => rostrum.ok('POST', '/v2/rooms', { customRoomId: 'once' })));
  assert.equal(new Set(rooms.map(({ roomId }) => roomId)).size, 1);
});

test('settings are kept as given', async () => {
  const settings = {
    webhook: { endPoint: 'https://example.org/hook', events: ['recording-*', 'session-started'] },
    autoCloseConfig: { type: 'session-end-and-deactivate', duration: 60 },
    allowedParticipantIds: ['ann', 'bob'],
    multiComposition: { recording: true },
    geoFence: 'eu001',
  };
  const { roomId } = await rostrum.ok('POST', '/v2/rooms', settings);
  const room = await rostrum.ok('GET', `/v2/rooms/${roomId}`);
  for (const [key, value] of Object.entries(settings)) assert.deepEqual(room[key], value, key);
});

test('settings that will not do are refused', async () => {
  for (const [body, message] of [
    [{ webhook: { endPoint: 'ftp://x' } }, /webhook/],
    [{ webhook: { endPoint: 'http:///x' } }, /webhook/],
    [{ webhook: { endPoint: 'https://u@/' } }, /webhook/],
    [{ webhook: { endPoint: `http://x/${'y'.repeat(512)}` } }, /webhook/],
    [{ webhook: 'http://x' }, /webhook/],
    [{ customRoomId: 'a b' }, /customRoomId/],
    [{ customRoomId: 'x'.repeat(200) }, /customRoomId/],
    [{ customRoomId: 7 }, /customRoomId/],
    [{ autoCloseConfig: { type: 'never' } }, /autoCloseConfig/],
    [{ autoCloseConfig: { duration: -1 } }, /duration/],
    [{ allowedParticipantIds: 'ann' }, /allowedParticipantIds/],
    [{ allowedParticipantIds: ['a b'] }, /allowedParticipantIds/],
    [{ geoFence: {} }, /geoFence/],
  ]) {
    const { status, body: refusal } = await rostrum.call('POST', '/v2/rooms', body);
    assert.equal(status, 400, JSON.stringify(body));
    assert.match(refusal.message, message);
  }
});

test('lists come in pages', async () => {
  const made = [];
  for (let i = 0; i < 5; i++) made.push(await rostrum.room({ customRoomId: `page-${i}` }));
  const first = await rostrum.ok('GET', '/v2/rooms?page=1&perPage=2');
  assert.deepEqual(
    first.data.map(({ customRoomId }) => customRoomId),
    ['page-4', 'page-3'],
  );
  assert.equal(first.pageInfo.currentPage, 1);
  assert.equal(first.pageInfo.lastPage, Math.ceil(first.pageInfo.total / 2));
  const second = await rostrum.ok('GET', '/v2/rooms?page=2&perPage=2');
  assert.equal(second.data[0].customRoomId, 'page-2');
  const exact = await rostrum.ok('GET', '/v2/rooms?query=page-1');
  assert.deepEqual(
    exact.data.map(({ roomId }) => roomId),
    [made[1]],
  );
  for (const query of ['page=0', 'perPage=1000', 'page=x', 'perPage=-1', 'page=1e3'])
    assert.equal((await rostrum.call('GET', `/v2/rooms?${query}`)).status, 400, query);
});

test('a deactivated room can be read but not joined', async () => {
  const roomId = await rostrum.room();
  const host = await rostrum.events(roomId, { participantId: 'ann' });
  const answer = await rostrum.ok('POST', '/v2/rooms/deactivate', { roomId });
  assert.deepEqual([answer.disabled, answer.meetingId], [true, roomId]);
  assert.equal((await host.next('session-ended')).data.code, 1009);
  await host.closed;
  assert.equal((await rostrum.ok('GET', `/v2/rooms/${roomId}`)).disabled, true);
  assert.equal((await rostrum.call('GET', `/v2/rooms/validate/${roomId}`)).status, 400);
  const client = new EventClient(rostrum.url, roomId, { token: rostrum.hostToken(roomId) });
  assert.equal((await client.closed).code, 4052);
  await rostrum.ok('POST', `/v2/rooms/${roomId}`, { status: 'enabled' });
  const back = await rostrum.events(roomId);
  await back.close();
});

test('only those on the list may join', async () => {
  const roomId = await rostrum.room({ allowedParticipantIds: ['ann'] });
  const ann = await rostrum.events(roomId, { participantId: 'ann' });
  const eve = new EventClient(rostrum.url, roomId, { token: rostrum.hostToken(roomId), participantId: 'eve' });
  assert.equal((await eve.closed).code, 4023);
  await ann.close();
});

test('an unknown room is 404 everywhere', async () => {
  const id = 'aaaa-bbbb-cccc';
  for (const [method, route, body] of [
    ['GET', `/v2/rooms/${id}`],
    ['GET', `/v2/rooms/validate/${id}`],
    ['GET', `/v2/sessions?roomId=${id}`],
    ['POST', '/v2/rooms/deactivate', { roomId: id }],
    ['POST', '/v2/sessions/end', { roomId: id }],
    ['POST', '/v2/livestreams/start', { roomId: id, outputs: [{ url: 'rtmp://x/y', streamKey: 'k' }] }],
    ['POST', '/v2/recordings/start', { roomId: id }],
  ]) {
    const { status, body: refusal } = await rostrum.call(method, route, body);
    assert.deepEqual([status, refusal.code], [404, 4003], route);
  }
  const token = rostrum.token();
  for (const route of [`/whip/${id}`, `/whep/${id}`, `/v2/whip?roomId=${id}`, `/v2/whep?roomId=${id}`]) {
    const headers = { authorization: token, 'content-type': 'application/sdp' };
    assert.equal((await fetch(rostrum.url + route, { method: 'POST', headers, body: 'v=0\r\n' })).status, 404, route);
  }
  assert.equal((await fetch(`${rostrum.url}/studio/${id}`)).status, 404);
});

test('who can only read or join does not see what the app server wrote for itself', async () => {
  const own = {
    webhook: { endPoint: 'https://app.example/hook?key=secret', events: ['*'] },
    autoStartConfig: { recording: { enabled: false, webhookUrl: 'https://app.example/recorded?key=secret' } },
    allowedParticipantIds: ['ann'],
  };
  const room = await rostrum.room({ ...own, multiComposition: { hls: true } });
  for (const route of [`/v2/rooms/${room}`, `/v2/rooms/validate/${room}`]) {
    const { status, body } = await rostrum.call('GET', route, undefined, rostrum.viewerToken(room));
    assert.equal(status, 200);
    assert.deepEqual([body.roomId, body.multiComposition], [room, { hls: true }]);
    for (const name of Object.keys(own)) assert.ok(!(name in body), `${route} ${name}`);
  }
  const { body } = await rostrum.call('GET', '/v2/rooms', undefined, rostrum.viewerToken(room));
  assert.ok(!JSON.stringify(body).includes('secret'));
  assert.deepEqual((await rostrum.ok('GET', `/v2/rooms/${room}`)).webhook, own.webhook);
});
