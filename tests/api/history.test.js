// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { run } from '../lib/process.js';
import { Rostrum } from '../lib/rostrum.js';

const kChrome = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';

let rostrum;

before(async () => {
  rostrum = await Rostrum.start({ args: ['--empty-timeout', '1'] });
});
after(() => rostrum?.stop());

const participantOf = (sessionId, id) => rostrum.ok('GET', `/v2/sessions/${sessionId}/participants/${id}`);

/** @param {{mode: string, timelog: {start: string, end: ?string}[]}[]} history */
const modesOf = (history) => history.map(({ mode, timelog }) => [mode, timelog.length, timelog[0].end !== null]);

test('a participant changes its mode as far as its token goes', async () => {
  const room = await rostrum.room();
  const ann = await rostrum.events(room, { participantId: 'ann' });
  const bob = await rostrum.events(room, { participantId: 'bob', token: rostrum.viewerToken(room) });
  const change = (client, mode) => client.socket.send(JSON.stringify({ command: 'changeMode', mode }));

  change(bob, 'SEND_AND_RECV');
  assert.equal((await bob.next('error')).data.code, 4065);
  change(bob, 'RECV_ONLY');
  assert.equal((await bob.next('error', ({ code }) => code !== 4065)).data.code, 3054);
  change(bob, 'everything');
  await bob.next('error', ({ message }) => message.startsWith('mode has to be'));
  change(bob, 'SIGNALLING_ONLY');
  for (const client of [ann, bob])
    assert.deepEqual((await client.next('participant-mode-changed')).data, { participantId: 'bob', mode: 'SIGNALLING_ONLY' });
  change(bob, 'RECV_ONLY');
  await ann.next('participant-mode-changed', ({ mode }) => mode === 'RECV_ONLY');

  const kept = await participantOf(ann.joined.sessionId, 'bob');
  assert.equal(kept.mode, 'RECV_ONLY');
  assert.deepEqual(modesOf(kept.changeModeHistory), [
    ['RECV_ONLY', 1, true],
    ['SIGNALLING_ONLY', 1, true],
    ['RECV_ONLY', 1, false],
  ]);
  assert.equal(new Set(kept.changeModeHistory.map(({ _id }) => _id)).size, 3);
  for (const { _id } of kept.changeModeHistory) assert.match(_id, /^[0-9a-f]{24}$/);
  await Promise.all([ann.close(), bob.close()]);
});

test('who flips between modes is told about ten times', async () => {
  const room = await rostrum.room();
  const bob = await rostrum.events(room, { participantId: 'bob', token: rostrum.viewerToken(room) });
  for (let i = 0; i < 200; ++i) bob.socket.send(JSON.stringify({ command: 'changeMode', mode: i % 2 ? 'RECV_ONLY' : 'SIGNALLING_ONLY' }));
  bob.send('ping');
  await bob.next('pong');
  const { data } = await bob.next('error', ({ message }) => message.startsWith('too many changes'));
  assert.equal(data.code, 4065);
  const { changeModeHistory } = await participantOf(bob.joined.sessionId, 'bob');
  assert.ok(changeModeHistory.length >= 11 && changeModeHistory.length < 40, `${changeModeHistory.length}`); // of a slow machine more
  await bob.close();
});

test('microphone and camera are in the history, through changes of mode and restarts', async () => {
  const room = await rostrum.room();
  const ann = await rostrum.events(room, { participantId: 'ann', name: 'Ann' });
  const id = ann.joined.sessionId;
  await rostrum.testHost(room, { participantId: 'ann' });
  await ann.next('stream-enabled', ({ kind }) => kind === 'audio');
  await ann.next('stream-enabled', ({ kind }) => kind === 'video');
  ann.send('mic-off');
  await ann.next('participant-marks-changed');
  let { events } = await participantOf(id, 'ann');
  const { deviceInfo } = await participantOf(id, 'ann');
  assert.equal(deviceInfo.sdkType, 'rostrum', 'of the page, not of its publish');
  assert.deepEqual([events.mic.length, events.webcam.length, events.screenShare.length, events.screenShareAudio.length], [1, 1, 0, 0]);
  assert.ok(events.mic[0].end >= events.mic[0].start);
  assert.equal(events.webcam[0].end, null);

  await rostrum.ok('PATCH', `/v2/rooms/${room}/composition`, { screens: ['ann'] });
  ({ events } = await participantOf(id, 'ann'));
  assert.deepEqual([events.webcam.length, events.webcam[0].end !== null, events.screenShare.length, events.screenShare[0].end], [1, true, 1, null]);

  rostrum.program.child.kill('SIGKILL');
  await rostrum.program.ended;
  await rostrum.launch();
  const again = await rostrum.events(room, { participantId: 'ann' });
  assert.equal(again.joined.sessionId, id);
  ({ events } = await participantOf(id, 'ann'));
  assert.deepEqual([events.screenShare.length, events.screenShare[0].end], [1, null], 'it never ended');

  again.socket.send(JSON.stringify({ command: 'changeMode', mode: 'RECV_ONLY' }));
  await again.next('stream-disabled', ({ kind }) => kind === 'video');
  const kept = await participantOf(id, 'ann');
  assert.ok(kept.events.screenShare[0].end);
  assert.deepEqual(modesOf(kept.changeModeHistory), [
    ['SEND_AND_RECV', 1, true],
    ['RECV_ONLY', 1, false],
  ]);
  await again.close();
  const ended = await until('the session ends', async () => {
    const session = await rostrum.ok('GET', `/v2/sessions/${id}`);
    return session.status === 'ended' && session;
  });
  assert.ok(ended.participants[0].changeModeHistory[1].timelog[0].end);
});

test('what is known of the device', async () => {
  const room = await rostrum.room();
  const url = `${rostrum.url}/v2/rooms/${room}/events?participantId=ann&sdkType=javascript&sdkVersion=1.2.3`;
  const abort = new AbortController();
  const response = await fetch(url, {
    headers: { accept: 'text/event-stream', authorization: rostrum.hostToken(room), 'user-agent': kChrome },
    signal: abort.signal,
  });
  assert.equal(response.status, 200);
  const [session] = (await rostrum.ok('GET', `/v2/sessions?roomId=${room}`)).data;
  const [ann] = (await rostrum.ok('GET', `/v2/sessions/${session.id}/participants/active`)).data[0].participants;
  assert.deepEqual(ann.deviceInfo, {
    sdkType: 'javascript',
    sdkVersion: '1.2.3',
    platform: 'desktop',
    browserUserAgent: { browser: { name: 'Chrome', version: '131.0.0.0' }, os: { name: 'Windows', version: '10.0' }, platform: { type: 'desktop' } },
  });
  assert.deepEqual(ann.geoLocation, { city: null, region: null, country: null });
  assert.match(ann._id, /^[0-9a-f]{24}$/);
  assert.equal(ann.initTime, ann.timelog[0].start);
  abort.abort();
});

test('the list of sessions is filtered', async () => {
  const room = await rostrum.room({ customRoomId: 'filtered' });
  const ann = await rostrum.events(room, { participantId: 'ann' });
  const start = Date.parse((await rostrum.ok('GET', `/v2/sessions/${ann.joined.sessionId}`)).start);
  const count = async (query) => (await rostrum.ok('GET', `/v2/sessions?${query}`)).pageInfo.total;
  for (const [query, expected] of [
    [`roomId=${room}`, 1],
    ['customRoomId=filtered', 1],
    ['query=filtered', 1],
    ['query=nothing-like-it', 0],
    [`query=filtered&userId=${rostrum.credentials.key}`, 1],
    ['query=filtered&userId=somebody', 0],
    [`roomId=${room}&startDate=${start}&endDate=${start}`, 1],
    [`roomId=${room}&startDate=${start + 1}`, 0],
    [`roomId=${room}&endDate=${start - 1}`, 0],
    [`roomId=${room}&status=ongoing`, 1],
    [`roomId=${room}&status=ended`, 0],
  ])
    assert.equal(await count(query), expected, query);
  await ann.close();
  const ended = await until('it has ended', async () => {
    const session = await rostrum.ok('GET', `/v2/sessions/${ann.joined.sessionId}`);
    return session.status === 'ended' && session;
  });
  const whole = (Date.parse(ended.end) - Date.parse(ended.start)) / 1000;
  assert.ok(ended.activeDuration <= whole - 0.9, `nobody was in for the last second: ${ended.activeDuration} of ${whole} s`);
});

/** A session that has ended, with a kept message and, with `record`, a recording. */
async function endedSession(server, room, record) {
  const ann = await server.events(room, { participantId: 'ann' });
  const session = { id: ann.joined.sessionId, room };
  ann.socket.send(JSON.stringify({ command: 'publish', topic: 'CHAT', message: 'hello', options: { persist: true } }));
  await ann.next('pubsub-published');
  if (record) {
    await server.testHost(room, { participantId: 'ann' });
    await ann.next('stream-enabled', ({ kind }) => kind === 'video');
    session.recording = (await server.ok('POST', '/v2/recordings/start', { roomId: room })).id;
    await ann.next('recording-state-changed', ({ status }) => status === 'RECORDING_STARTED');
  }
  await server.ok('POST', '/v2/sessions/end', { roomId: room });
  if (record) {
    const isDone = async () => (await server.ok('GET', `/v2/recordings/${session.recording}`)).processing === 'completed';
    await until('the recording is processed', isDone, 30_000);
  }
  const kept = await server.ok('GET', `/v2/sessions/${session.id}`);
  session.chat = new URL(kept.chatLink);
  return session;
}

test('sessions of long ago are forgotten, but for those whose recordings are still listed', { timeout: 90_000 }, async () => {
  const server = await Rostrum.start();
  const restarted = async (days) => {
    await server.program.stop();
    server.args = ['--history-days', days];
    await server.launch();
  };
  const statusOf = async (url) => (await server.call('GET', url)).status;
  const shown = async (room) => (await server.ok('GET', `/v2/sessions?roomId=${room}`)).data.map(({ id }) => id);
  try {
    const room = await server.room();
    const old = await endedSession(server, room);
    const recorded = await endedSession(server, room, true);
    const young = await endedSession(server, room);
    await server.program.stop();
    const aged = [old, recorded].map(({ id }) => `'${id}'`).join();
    const threeDays = 3 * 24 * 3600 * 1000;
    const sql = `UPDATE sessions SET start_at = start_at - ${threeDays}, end_at = end_at - ${threeDays} WHERE id IN (${aged})`;
    assert.equal((await run('sqlite3', [path.join(server.state, 'rostrum.db'), sql])).code, 0);

    server.args = ['--history-days', '4'];
    await server.launch();
    assert.deepEqual(await shown(room), [young.id, recorded.id, old.id]);
    await restarted('2');
    await until('the old one is forgotten', async () => (await statusOf(`/v2/sessions/${old.id}`)) === 404);
    const people = async ({ id }) => (await server.ok('GET', `/v2/sessions/${id}/participants`)).pageInfo.total;
    await until('who was in the recorded one is forgotten', async () => (await people(recorded)) === 0);
    assert.deepEqual(await shown(room), [young.id, recorded.id]);
    assert.equal((await server.ok('GET', '/v2/sessions')).pageInfo.total, 2);
    assert.equal(await people(young), 1);
    for (const tail of ['/participants', '/participants/ann', '/stats', '/participant/ann/stats'])
      assert.equal(await statusOf(`/v2/sessions/${old.id}${tail}`), 404, tail);
    assert.equal(await statusOf(old.chat.pathname + old.chat.search), 404);
    assert.match(await server.ok('GET', young.chat.pathname + young.chat.search), /hello/);
    assert.equal((await server.ok('GET', `/v2/recordings/${recorded.recording}`)).sessionId, recorded.id);

    await server.ok('DELETE', `/v2/recordings/${recorded.recording}`);
    await restarted('2'); // it looks every ten minutes, and at its start
    await until('the recorded one is forgotten', async () => (await statusOf(`/v2/sessions/${recorded.id}`)) === 404);
    assert.deepEqual(await shown(room), [young.id]);
  } finally {
    await server.stop();
  }
});
