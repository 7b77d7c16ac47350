// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Places for compositions: how many there are, and that one which was acquired is there whatever else runs.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { Rostrum } from '../lib/rostrum.js';
import { WebhookReceiver } from '../lib/webhook_receiver.js';

let rostrum, receiver, room, unit;

before(async () => {
  receiver = await WebhookReceiver.start();
  rostrum = await Rostrum.start({ args: ['--max-compositions', '2'] });
  room = await rostrum.room();
  await rostrum.events(room, { participantId: 'ann' });
});
after(async () => {
  await rostrum?.stop();
  await receiver?.stop();
});

const acquire = (options) => rostrum.call('POST', '/v2/resource/acquire', { type: 'hls', webhookUrl: receiver.url, ...options });
const resource = async (id) => (await rostrum.ok('GET', `/v2/resource/${id}`)).data;
const outputs = [{ url: 'rtmp://127.0.0.1:1/live', streamKey: 'k' }];

test('what is asked wrongly, and who may ask', async () => {
  const rows = [
    [{ type: 'sip' }, 400, /type has to be one of recording, hls, rtmp/],
    [{ type: undefined }, 400, /type/],
    [{ webhookUrl: undefined }, 400, /webhookUrl is missing/],
    [{ webhookUrl: 'http:///x' }, 400, /webhookUrl has to be/],
    [{ units: 0 }, 400, /units/],
    [{ units: 1.5 }, 400, /units/],
    [{ mode: 'smell' }, 400, /mode/],
    [{ quality: 'best' }, 400, /quality/],
    [{ units: 3 }, 503, /max-compositions is 2/],
  ];
  for (const [options, status, words] of rows) {
    const answer = await acquire(options);
    assert.equal(answer.status, status, JSON.stringify(options));
    assert.match(answer.body.message, words);
  }
  const body = { type: 'hls', webhookUrl: receiver.url };
  for (const token of [rostrum.hostToken(room), rostrum.viewerToken(room), rostrum.token({ roles: ['rtc'] })])
    assert.equal((await rostrum.call('POST', '/v2/resource/acquire', body, token)).status, 403);
  for (const token of [rostrum.hostToken(room), rostrum.token({ permissions: ['allow_join'] })])
    assert.equal((await rostrum.call('GET', '/v2/resource', undefined, token)).status, 403);
});

test('a place that is reserved is taken from all others, and is there for its own', async () => {
  const { body } = await acquire({ quality: 'low' });
  [unit] = body.data;
  await until('it is idle', async () => (await resource(unit.id)).status === 'idle');
  await receiver.next('resource-acquired');
  await rostrum.ok('POST', '/v2/recordings/start', { roomId: room });
  for (const [route, more, code] of [
    ['/v2/livestreams/start', { outputs }, 4030],
    ['/v2/hls/start', {}, 4029],
    ['/v2/recordings/composite/start', { participants: [] }, 4028],
  ]) {
    const full = await rostrum.call('POST', route, { roomId: room, ...more });
    assert.deepEqual([full.status, full.body.code, Number(full.headers.get('retry-after'))], [503, code, 30], route);
  }
  const single = await rostrum.call('POST', '/v2/recordings/participant/start', { roomId: room, participantId: 'ann' });
  assert.equal(single.status, 200, 'a recording of one participant is none');
  assert.equal((await acquire()).status, 503);

  const rows = [
    ['/v2/livestreams/start', { outputs, resourceId: unit.id }, 400, /acquired for hls/],
    ['/v2/hls/start', { resourceId: unit.id, config: { quality: 'high' } }, 400, /acquired for the quality low/],
    ['/v2/hls/start', { resourceId: unit.id, config: { quality: 'low', recording: { enabled: true } } }, 503, /as much as it may/],
    ['/v2/hls/start', { resourceId: '0'.repeat(24) }, 404, /no such resource/],
    ['/v2/recordings/participant/start', { participantId: 'bob', resourceId: unit.id }, 400, /what is composed/],
    ['/v2/resource/hls/start', {}, 400, /resourceId is missing/],
    ['/v2/resource/hls/end', {}, 400, /id is missing/],
  ];
  for (const [route, more, status, words] of rows) {
    const answer = await rostrum.call('POST', route, { roomId: room, ...more });
    assert.deepEqual([answer.status, words.test(answer.body.message)], [status, true], `${route}: ${answer.body.message}`);
  }
});

test('what would start by itself and finds no place is told as failed', async () => {
  const own = await rostrum.room({ webhook: { endPoint: `${receiver.url}/own` }, autoStartConfig: { composite: {}, hls: {} } });
  const bob = await rostrum.events(own, { participantId: 'bob' });
  for (const type of ['composite-recording-failed', 'hls-failed']) {
    const { data } = await receiver.next(type);
    assert.match(data.error, /as much as it may/, type);
    assert.equal(data.meetingId, own);
  }
  await bob.close();
});

test('it is composed on, also over a crash of the server, and idle again after', async () => {
  const started = await rostrum.ok('POST', '/v2/resource/hls/start', { roomId: room, resourceId: unit.id, config: { quality: 'low' } });
  assert.equal(started.success, true);
  const { id } = started.data;
  assert.deepEqual((await resource(unit.id)).composerIds, [id]);
  assert.equal((await rostrum.call('POST', '/v2/hls/start', { roomId: room, resourceId: unit.id })).status, 409);
  rostrum.program.child.kill('SIGKILL');
  await rostrum.program.ended;
  await rostrum.launch();
  const now = await resource(unit.id);
  assert.deepEqual([now.status, now.composerIds], ['composing', [id]]);
  const release = await rostrum.ok('POST', '/v2/resource/release', { ids: [unit.id] });
  assert.deepEqual([release.success, release.data[0].success], [false, false]);

  await until('the session is taken up', async () => (await rostrum.call('POST', '/v2/resource/hls/end', { roomId: room, id })).body.success);
  await until('it is idle again', async () => (await resource(unit.id)).status === 'idle', 20000);
  const released = await rostrum.ok('POST', '/v2/resource/release', { ids: [unit.id] });
  assert.deepEqual(released, { success: true, data: [{ id: unit.id, success: true, msg: 'Resource released successfully' }] });
  await receiver.next('resource-released');
  const after = await rostrum.call('POST', '/v2/hls/start', { roomId: room });
  assert.equal(after.status, 200, 'the place is everybody\'s again');
});
