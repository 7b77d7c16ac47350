// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test from 'node:test';

import { until } from '../../lib/deadline.js';
import { assertFilled } from './filled.js';

export function testResourcePool(stage) {
  test('resources are acquired, composed on, and released', async () => {
    const { sdk, room, receiver } = stage();
    const units = await sdk.resourcePool.acquire({ type: 'recording', webhookUrl: receiver.url, units: 2, mode: 'video-and-audio', quality: 'low' });
    assert.equal(units.length, 2);
    for (const unit of units) {
      assertFilled(unit, ['id', 'status', 'type', 'mode', 'quality', 'composerIds', 'webhookUrl']);
      assert.equal(unit.status, 'pending');
      assert.equal((await stage().told('resource-acquired', unit.id)).data.type, 'recording');
    }
    const [unit, spare] = units;
    assert.equal((await sdk.resourcePool.list({ status: 'idle' })).total, 2);
    const seen = [];
    for await (const one of await sdk.resourcePool.list({ perPage: 1 })) seen.push(one.id);
    assert.deepEqual(seen.sort(), units.map(({ id }) => id).sort());

    const handle = await sdk.recordings.start(room.roomId, { composition: { quality: 'low' }, resourceId: unit.id });
    const composing = await sdk.resourcePool.get(unit.id);
    assert.deepEqual([composing.status, composing.composerIds], ['composing', [handle.id]]);
    assert.equal((await sdk.recordings.get(handle.id)).resourceId, unit.id);
    const [busy] = await sdk.resourcePool.release([unit.id]);
    assert.deepEqual([busy.id, busy.success], [unit.id, false]);
    await sdk.recordings.stop(handle);
    await until('it is idle again', async () => (await sdk.resourcePool.get(unit.id)).status === 'idle');

    const released = await sdk.resourcePool.release([unit.id, spare.id, 'none']);
    assert.deepEqual(released.map(({ success }) => success), [true, true, false]);
    assert.match(released[2].msg, /no such resource/);
    for (const { id } of units) await stage().told('resource-released', id);
    assert.equal((await sdk.resourcePool.get(unit.id)).status, 'released');
    await assert.rejects(sdk.recordings.start(room.roomId, { resourceId: unit.id }), { name: 'RoomNotFoundError' });
    await assert.rejects(sdk.resourcePool.get('none'), { name: 'RoomNotFoundError' });
    await assert.rejects(sdk.resourcePool.acquire({ type: 'sip', webhookUrl: receiver.url }), { name: 'ValidationError' });
    await stage().told('recording-processed', handle.id);
    await sdk.recordings.delete(handle.id);
  });
}
