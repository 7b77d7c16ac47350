// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Recordings of every kind at once, and what is made of several: merges and transcodings as jobs that survive `serve`.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { decodeErrors, probe } from '../lib/media_file.js';
import { childrenOf, isRunning } from '../lib/process.js';
import { Rostrum } from '../lib/rostrum.js';
import { WebhookReceiver } from '../lib/webhook_receiver.js';

const kKinds = {
  recording: { path: '/v2/recordings', stop: 'end', body: {} },
  'participant-recording': { path: '/v2/recordings/participant', stop: 'stop', body: { participantId: 'ann', fileFormat: 'mp4' } },
  'participant-track-recording': { path: '/v2/recordings/participant/track', stop: 'stop', body: { participantId: 'ann', kind: 'audio' } },
  'composite-recording': {
    path: '/v2/recordings/composite',
    stop: 'stop',
    body: { participants: [{ participantId: 'ann', kind: ['audio', 'video'] }] },
  },
};
let rostrum, receiver, room, sessionId;
const recordings = {};

const told = (type, id) => receiver.received.find((one) => one.type === type && one.data.id === id);
const seconds = async (count) => {
  const from = performance.now();
  await until(`${count} s are over`, () => performance.now() - from > count * 1000, count * 1000 + 1000);
};

before(async () => {
  receiver = await WebhookReceiver.start();
  rostrum = await Rostrum.start({ args: ['--webhook-url', receiver.url] });
  room = await rostrum.room({ autoStartConfig: { recording: { config: { quality: 'low' } } } });
  const host = await rostrum.testHost(room, { participantId: 'ann' });
  const byItself = await receiver.next('recording-started', 40000);
  sessionId = byItself.data.sessionId;
  recordings.recording = byItself.data.id;
  for (const [kind, { path: route, body }] of Object.entries(kKinds).slice(1))
    recordings[kind] = (await rostrum.ok('POST', `${route}/start`, { roomId: room, ...body })).recordingId;
  for (const [kind, id] of Object.entries(recordings)) await until(`${kind} has started`, () => told(`${kind}-started`, id), 40000);
  await seconds(2);
  await rostrum.ok('POST', `/v2/recordings/${recordings.recording}/pause`);
  await seconds(2);
  await rostrum.ok('POST', `/v2/recordings/${recordings.recording}/resume`);
  await seconds(2);
  for (const { path: route, stop, body } of Object.values(kKinds)) {
    const { participantId, kind } = body;
    await rostrum.ok('POST', `${route}/${stop}`, { roomId: room, participantId, kind });
  }
  for (const id of Object.values(recordings)) await until(`${id} is processed`, () => told('recording-processed', id), 60000);
  await host.stop();
});

after(async () => {
  await rostrum?.stop();
  await receiver?.stop();
});

test('each kind starts, stops, and says what it is', async () => {
  for (const [kind, { path: route, body }] of Object.entries(kKinds)) {
    const id = recordings[kind];
    const types = receiver.received.filter((one) => one.data.id === id).map((one) => one.type);
    const wanted = ['starting', 'started', 'stopping', 'stopped'].map((state) => `${kind}-${state}`);
    assert.deepEqual(
      types.filter((type) => wanted.includes(type)),
      wanted,
      `${kind}: ${types}`,
    );
    const { data } = told(`${kind}-stopped`, id);
    assert.deepEqual([data.participantId, data.kind], [body.participantId, body.participantId && body.kind]);
    assert.equal((await fetch(data.fileDetails[0].fileUrl)).status, 200);

    const one = await rostrum.ok('GET', `${route}/${id}`);
    assert.deepEqual([one.status, one.processing], ['stopped', 'completed'], `${kind}: ${JSON.stringify(one)}`);
    assert.equal((await rostrum.ok('GET', `${route}?roomId=${room}`)).data[0].id, id);
    assert.equal(await decodeErrors(one.file.filePath), '');
    if (kind.startsWith('participant')) assert.equal(one.participantName, 'Test host');
    if (kind.startsWith('participant')) assert.ok(one.file.filePath.includes(`/${sessionId}/ann/`));
    for (const [participant, total] of Object.entries({ ann: kind.startsWith('participant') ? 1 : 0, bob: 0 })) {
      const { pageInfo } = await rostrum.ok('GET', `${route}?sessionId=${sessionId}&participantId=${participant}`);
      assert.equal(pageInfo.total, total, `${kind} of ${participant}`);
    }
    const elsewhere = kind === 'recording' ? kKinds['composite-recording'] : kKinds.recording;
    assert.equal((await rostrum.call('GET', `${elsewhere.path}/${id}`)).status, 404, 'a kind is found at its own place only');
  }
});

test('nothing is recorded while a recording is paused', async () => {
  const { file, start, end } = await rostrum.ok('GET', `/v2/recordings/${recordings.recording}`);
  const whole = Date.parse(end) - Date.parse(start);
  assert.ok(file.meta.duration * 1000 < whole - 1500, `${file.meta.duration} s of ${whole} ms`);
  assert.ok(told('recording-paused', recordings.recording) && told('recording-resumed', recordings.recording));
});

test('two channels of one session, as a job', async () => {
  const answer = await rostrum.ok('POST', '/v2/recordings/participant/merge', {
    sessionId,
    channel1: [{ participantId: 'ann' }],
    channel2: [{ participantId: 'ann', type: 'track' }],
  });
  await until('it is told', () => told('merge-recording-completed', answer.mergeId), 40000);
  const merge = await until('the telling is counted', async () => {
    const one = await rostrum.ok('GET', `/v2/recordings/participant/merge/${answer.mergeId}`);
    return one.webhook.successCount > 0 && one;
  });
  assert.deepEqual([merge.state, merge.progress, merge.file.type], ['completed', 1, 'audio']);
  assert.deepEqual(merge.webhook, { totalCount: 1, successCount: 1, data: [{ type: 'merge-recording-completed', success: true }] });
  const { audio } = await probe(merge.file.filePath);
  assert.equal(audio.channels, 2);
  const bytes = Buffer.from(await (await fetch(merge.file.fileUrl)).arrayBuffer());
  assert.equal(bytes.length, merge.file.size);
  assert.equal((await rostrum.ok('GET', '/v2/recordings/participant/merge')).recordings[0].id, answer.mergeId);
});

test('a transcoding goes on after kill -9 of serve', { timeout: 90000 }, async () => {
  const recordingIds = [recordings.recording, recordings['participant-recording']];
  const { id } = await rostrum.ok('POST', '/v2/transcodings/merge', { recordingIds, task: 'composite-merge' });
  await until('it is under way', () => told('composite-merge-started', id), 20000);
  const [job] = childrenOf(rostrum.pid, 'rostrum-job');
  rostrum.program.child.kill('SIGKILL');
  await rostrum.program.ended;
  await rostrum.launch();
  await until('it is told', () => told('composite-merge-completed', id), 60000);
  await until('the job has ended with serve', () => !job || !isRunning(job));
  assert.equal(receiver.received.filter((one) => one.data.id === id && one.type === 'composite-merge-started').length, 1);
  const { state, file } = await rostrum.ok('GET', `/v2/transcodings/${id}`);
  assert.equal(state, 'completed');
  assert.equal(await decodeErrors(file.filePath), '');
  assert.deepEqual(
    fs.readdirSync(path.dirname(file.filePath)).filter((name) => name.startsWith('.')),
    [],
  );
});

test('a transcoding can be cancelled, and one that crashes is tried again', { timeout: 60000 }, async () => {
  const recordingIds = [recordings.recording];
  const { id } = await rostrum.ok('POST', '/v2/transcodings/merge', { recordingIds });
  await until('it is under way', () => told('composite-merge-started', id), 20000);
  assert.equal((await rostrum.ok('POST', `/v2/transcodings/${id}/cancel`)).state, 'cancelled');
  assert.equal((await rostrum.call('POST', `/v2/transcodings/${id}/cancel`)).status, 409);
  await until('it is told', () => told('composite-merge-cancelled', id));
  await until('the job ends', () => childrenOf(rostrum.pid, 'rostrum-job').length === 0);

  const second = await rostrum.ok('POST', '/v2/transcodings/merge', { recordingIds });
  const [job] = await until('it runs', () => {
    const jobs = childrenOf(rostrum.pid, 'rostrum-job');
    return jobs.length > 0 && jobs;
  });
  process.kill(job, 'SIGKILL');
  await until('it is done all the same', () => told('composite-merge-completed', second.id), 40000);
});

test('what is asked for wrongly is refused with words', async () => {
  const merge = '/v2/recordings/participant/merge';
  const rows = [
    [merge, {}, 400, /sessionId is missing/],
    [merge, { sessionId }, 400, /channel1 has to be a list/],
    [
      merge,
      { sessionId, channel1: [{ participantId: 'bob' }], channel2: [{ participantId: 'ann' }] },
      404,
      /no participant recording of 'bob'/,
    ],
    [merge, { sessionId, channel1: [{ participantId: 'ann', type: 'film' }], channel2: [{}] }, 400, /participant or track/],
    ['/v2/transcodings/merge', {}, 400, /recordingIds/],
    ['/v2/transcodings/merge', { recordingIds: ['0'.repeat(24)] }, 404, /no recording/],
    ['/v2/transcodings/merge', { recordingIds: ['x'], task: 'paint' }, 400, /composite-merge/],
  ];
  for (const [route, body, status, words] of rows) {
    const answer = await rostrum.call('POST', route, body);
    assert.equal(answer.status, status, JSON.stringify(body));
    assert.match(answer.body.message, words);
  }
  assert.equal((await rostrum.call('GET', `/v2/transcodings/${'0'.repeat(24)}`)).status, 404);
});

test('what cannot be merged, because a file is damaged, fails with the reason', async () => {
  for (const kind of ['recording', 'participant-recording']) {
    const { file } = await rostrum.ok('GET', `${kKinds[kind].path}/${recordings[kind]}`);
    fs.writeFileSync(file.filePath, 'no film');
  }
  const composed = await rostrum.ok('POST', '/v2/transcodings/merge', { recordingIds: [recordings.recording] });
  const channels = { sessionId, channel1: [{ participantId: 'ann' }], channel2: [{ participantId: 'ann', type: 'track' }] };
  const merged = await rostrum.ok('POST', '/v2/recordings/participant/merge', channels);
  for (const [type, id] of [
    ['composite-merge-failed', composed.id],
    ['merge-recording-failed', merged.mergeId],
  ]) {
    const { data } = await until(type, () => told(type, id), 40000);
    assert.ok(data.message, type);
    assert.doesNotMatch(data.message, /\//, 'no path of the server');
  }
});
