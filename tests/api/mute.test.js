// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Muting by the server: what is held back is neither heard nor seen, whatever the host sends or says.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { run } from '../lib/process.js';
import { Rostrum } from '../lib/rostrum.js';
import { WebhookReceiver } from '../lib/webhook_receiver.js';

let rostrum, receiver, room, watcher, sessionId;

before(async () => {
  receiver = await WebhookReceiver.start();
  rostrum = await Rostrum.start({ args: ['--webhook-url', receiver.url] });
  room = await rostrum.room();
  watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  ({ sessionId } = watcher.joined);
  await rostrum.testHost(room, { participantId: 'ann', name: 'Ann' });
  await watcher.next('program-changed', ({ mode }) => mode === 'passthrough');
});
after(async () => {
  await rostrum?.stop();
  await receiver?.stop();
});

const mute = (body, token) => rostrum.call('POST', '/v2/sessions/participants/mute', { roomId: room, participantId: 'ann', ...body }, token);
const told = (audio, video, from) =>
  watcher.next('participant-mute-changed', (data) => data.participantId === 'ann' && data.audio === audio && data.video === video, { from });
const shown = async () => (await rostrum.ok('GET', `/v2/sessions/${sessionId}/participants/ann`)).muted;

/** Records what the room hears and sees while `during` runs. @returns {Promise<string>} the file */
async function recorded(during) {
  const { id } = await rostrum.ok('POST', '/v2/recordings/start', { roomId: room, config: { quality: 'low' } });
  const hook = (type) => until(`${type}`, () => receiver.received.find((one) => one.type === type && one.data.id === id), 30000);
  await hook('recording-started');
  await during(id);
  await rostrum.ok('POST', '/v2/recordings/stop', { roomId: room, id });
  await hook('recording-processed');
  return (await rostrum.ok('GET', `/v2/recordings/${id}`)).file.filePath;
}

/** What ffmpeg says of the loudness of a file: a maximum of -91 dB is silence. */
async function loudnessOf(file) {
  const { stderr } = await run('ffmpeg', ['-hide_banner', '-i', file, '-af', 'volumedetect', '-f', 'null', '-']);
  return Number(stderr.match(/max_volume: (\S+) dB/)[1]);
}

const wait = (ms) => {
  const from = performance.now();
  return until(`${ms} ms have passed`, () => performance.now() - from > ms);
};

test('who may mute, and what is asked wrongly', async () => {
  const rows = [
    [{ participantId: undefined, muted: true }, 400, 4004],
    [{}, 400, 4067],
    [{ muted: 'yes' }, 400, 4067],
    [{ muted: true, kind: 'smell' }, 400, 4067],
    [{ muted: true, participantId: 'nobody' }, 404, 4067],
    [{ muted: true, roomId: 'none' }, 404, 4003],
  ];
  for (const [body, status, code] of rows) {
    const answer = await mute(body);
    assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(body));
  }
  assert.equal((await mute({ muted: true }, rostrum.viewerToken(room))).status, 403);
  assert.deepEqual(await shown(), { audio: false, video: false });
});

test('sound that is muted is in no recording, also when the host says that its microphone is on', async () => {
  const host = await rostrum.events(room, { participantId: 'ann', name: 'Ann' });
  const from = watcher.messages.length;
  const { body } = await mute({ muted: true, kind: 'audio' });
  assert.deepEqual(body, { roomId: room, sessionId, participantId: 'ann', muted: { audio: true, video: false } });
  await told(true, false, from);
  host.send('mic-on');
  assert.deepEqual(await shown(), { audio: true, video: false });
  const silent = await recorded(() => wait(1500));
  assert.ok((await loudnessOf(silent)) < -60);

  await mute({ muted: false, kind: 'audio' });
  await told(false, false, from);
  const loud = await recorded(() => wait(1500));
  assert.ok((await loudnessOf(loud)) > -40);
  await host.close();
});

test('a picture that is muted is not shown: the program becomes composed, and the host its own again', async () => {
  const from = watcher.messages.length;
  await mute({ muted: true });
  await told(true, true, from);
  await watcher.next('program-changed', ({ mode }) => mode === 'composed', { from });
  const { events } = await rostrum.ok('GET', `/v2/sessions/${sessionId}/participants/ann`);
  assert.ok(events.webcam.at(-1).end, JSON.stringify(events));
  await mute({ muted: false });
  await watcher.next('program-changed', ({ mode }) => mode === 'passthrough', { from });
});

test('who is muted stays so after a restart of everything, and after coming back', async () => {
  await mute({ muted: true, kind: 'video' });
  rostrum.program.child.kill('SIGKILL');
  await rostrum.program.ended;
  await rostrum.launch();
  await until('the session is taken up', async () => (await shown()).video);
  await until('the session process is there', async () => (await rostrum.call('GET', `/v2/sessions/${sessionId}/graph`)).status === 200);
  watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  assert.deepEqual(watcher.joined.participants.find((one) => one.participantId === 'ann').muted, { audio: false, video: true });
  assert.equal(watcher.joined.program.mode, 'composed');

  await rostrum.ok('POST', '/v2/sessions/participants/remove', { roomId: room, participantId: 'ann' });
  await rostrum.testHost(room, { participantId: 'ann', name: 'Ann' });
  await watcher.next('stream-enabled', ({ participantId, kind }) => participantId === 'ann' && kind === 'video');
  assert.deepEqual(await shown(), { audio: false, video: true });
  const from = watcher.messages.length;
  await mute({ muted: false });
  await watcher.next('program-changed', ({ mode }) => mode === 'passthrough', { from });
});
