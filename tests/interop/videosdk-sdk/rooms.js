// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test from 'node:test';

import { assertFilled } from './filled.js';

export function testRooms(stage) {
  test('rooms.create fills what it declares, and is idempotent by customRoomId', async () => {
    const { sdk, room, receiver, rostrum } = stage();
    assertFilled(room, ['id', 'roomId', 'customRoomId', 'geoFence', 'webhook', 'autoCloseConfig', 'multiComposition', 'createdAt', 'updatedAt']);
    assert.match(room.id, /^[0-9a-f]{24}$/);
    assert.match(room.roomId, /^[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}$/);
    assert.deepEqual(room.webhook, { endPoint: receiver.url, events: ['*'] });
    assert.deepEqual(room.autoCloseConfig, { type: 'session-ends', duration: 3600 });
    assert.deepEqual([room.disabled, room.userId], [false, rostrum.credentials.key]);
    assert.deepEqual(Object.keys(room.links), ['get_room', 'get_session']);
    for (const link of Object.values(room.links)) assert.ok(link.startsWith(`${rostrum.url}/v2/`), link);
    assert.equal((await sdk.rooms.create({ customRoomId: 'the-show' })).id, room.id);
  });

  test('rooms.get and rooms.validate take every id; get names the user', async () => {
    const { sdk, room } = stage();
    for (const id of [room.id, room.roomId, room.customRoomId]) {
      const got = await sdk.rooms.get(id);
      assert.equal(got.id, room.id);
      assert.deepEqual(Object.keys(got.user), ['email', 'name', 'discontinuedReason', 'id']);
      const { valid, room: resolved } = await sdk.rooms.validate(id);
      assert.deepEqual([valid, resolved.id], [true, room.id]);
    }
    assert.deepEqual(await sdk.rooms.validate('none-such-room'), { valid: false, roomId: 'none-such-room' });
  });

  test('rooms.list pages, and is iterated over all pages', async () => {
    const { sdk, room } = stage();
    const created = await Promise.all(Array.from({ length: 6 }, () => sdk.rooms.create()));
    const first = await sdk.rooms.list({ perPage: 3 });
    assert.deepEqual([first.data.length, first.total, first.hasNextPage], [3, 7, true]);
    const ids = [];
    for await (const one of first) ids.push(one.roomId);
    assert.deepEqual(ids.sort(), [room, ...created].map((one) => one.roomId).sort());
    const second = await sdk.rooms.list({ cursor: first.nextCursor });
    assert.deepEqual(second.data.length, 3);
    assert.deepEqual((await sdk.rooms.list({ query: 'the-show' })).data.map((one) => one.id), [room.id]);
    assert.deepEqual((await sdk.rooms.list({ query: 'no-such-show' })).data, []);
    assert.deepEqual((await sdk.rooms.list({ page: 99 })).data, []);
  });

  test('rooms.end disables for good', async () => {
    const { sdk } = stage();
    const { roomId } = await sdk.rooms.create();
    const ended = await sdk.rooms.end(roomId);
    assert.deepEqual([ended.roomId, ended.meetingId, ended.disabled, ended.status], [roomId, roomId, true, 'disabled']);
    assert.deepEqual(await sdk.rooms.validate(roomId), { valid: false, roomId });
    assert.equal((await sdk.rooms.get(roomId)).disabled, true);
  });
}
