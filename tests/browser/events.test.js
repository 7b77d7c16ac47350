// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { Rostrum } from '../lib/rostrum.js';
import { NginxRtmp } from '../lib/nginx_rtmp.js';

let rostrum;
let nginx;

before(async () => {
  rostrum = await Rostrum.start();
  nginx = await NginxRtmp.start();
});

after(async () => {
  await nginx?.stop();
  await rostrum?.stop();
});

test('everybody is told what happens, and who comes late gets the state first', async () => {
  const room = await rostrum.room();
  const early = await rostrum.events(room, { participantId: 'early', name: 'Early', mode: 'RECV_ONLY' });
  assert.equal(early.messages[0].event, 'meeting-joined');
  assert.equal(early.joined.roomId, room);
  assert.equal(early.joined.participantId, 'early');
  assert.match(early.joined.sessionId, /^[0-9a-f]{24}$/);
  assert.equal(early.joined.program.mode, 'empty');

  const ann = await rostrum.testHost(room, { participantId: 'ann', name: 'Ann' });
  const joined = await early.next('participant-joined', ({ participantId }) => participantId === 'ann');
  assert.deepEqual([joined.data.name, joined.data.mode], ['Ann', 'SEND_AND_RECV']);
  for (const kind of ['video', 'audio'])
    await early.next('stream-enabled', (data) => data.participantId === 'ann' && data.kind === kind && data.feed);
  await early.next('program-changed', ({ mode }) => mode === 'passthrough');

  await rostrum.ok('POST', '/v2/recordings/start', { roomId: room });
  await rostrum.ok('POST', '/v2/livestreams/start', { roomId: room, outputs: [{ url: nginx.url, streamKey: 'events' }] });
  for (const status of ['LIVESTREAM_STARTING', 'LIVESTREAM_STARTED'])
    await early.next('livestream-state-changed', (data) => data.status === status);
  for (const status of ['RECORDING_STARTING', 'RECORDING_STARTED'])
    await early.next('recording-state-changed', (data) => data.status === status);

  const late = await rostrum.events(room, { participantId: 'late', mode: 'RECV_ONLY' });
  assert.equal(late.messages[0].event, 'meeting-joined');
  const { participants, livestreamState, recordingState, livestreams, program } = late.joined;
  const known = participants.find(({ participantId }) => participantId === 'ann');
  assert.equal(known.name, 'Ann');
  assert.deepEqual(known.feeds, ['ann']);
  assert.equal(livestreamState, 'LIVESTREAM_STARTED');
  assert.equal(recordingState, 'RECORDING_STARTED');
  assert.equal(program.mode, 'composed');
  assert.equal(livestreams[0].outputs[0].state, 'live');
  assert.doesNotMatch(JSON.stringify(late.messages), /"streamKey"|live\/events/, 'stream keys are never told');

  await late.close();
  await early.next('participant-left', ({ participantId }) => participantId === 'late');
  await rostrum.ok('POST', '/v2/recordings/end', { roomId: room });
  await rostrum.ok('POST', '/v2/livestreams/end', { roomId: room });
  for (const status of ['LIVESTREAM_STOPPING', 'LIVESTREAM_STOPPED'])
    await early.next('livestream-state-changed', (data) => data.status === status);
  for (const status of ['RECORDING_STOPPING', 'RECORDING_STOPPED'])
    await early.next('recording-state-changed', (data) => data.status === status);
  await early.next('program-changed', ({ mode }) => mode === 'passthrough', {
    from: early.messages.findIndex(({ data }) => data?.mode === 'composed'),
  });

  await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
  const ended = await early.next('session-ended');
  assert.equal(ended.data.code, 1009);
  await early.next('meeting-left');
  const numbers = early.messages.map(({ seq }) => seq).filter((seq) => seq !== undefined);
  assert.deepEqual(
    numbers,
    [...numbers].sort((a, b) => a - b),
    'numbered in order',
  );
  await ann.stop();
});

test('the same participant again replaces the first', async () => {
  const room = await rostrum.room();
  const first = await rostrum.events(room, { participantId: 'one' });
  const second = await rostrum.events(room, { participantId: 'one' });
  const { data } = await first.next('meeting-left');
  assert.equal(data.code, 1011);
  await second.close();
});

for (const [name, claims, code] of [
  ['expired', { exp: 1 }, 4002],
  ['another room', { roomId: 'none-such-room' }, 4022],
  ['another participant', { participantId: 'somebody' }, 4023],
  ['only for the API', { roles: ['crawler'] }, 4024],
]) {
  test(`a token that is ${name} is refused with ${code}`, async () => {
    const room = await rostrum.room();
    await assert.rejects(
      rostrum.events(room, { participantId: 'me', token: rostrum.token(claims) }),
      new RegExp(`refused: ${code}.*"code":${code}`),
    );
  });
}
