// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Several outputs of one kind at once, with compositions of their own; and outputs that follow each other without a pause.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { decodeErrors, packetTimes, probe } from '../lib/media_file.js';
import { NginxRtmp } from '../lib/nginx_rtmp.js';
import { run } from '../lib/process.js';
import { Rostrum } from '../lib/rostrum.js';

const kGreen = [0, 255, 0];
const kBlue = [0, 0, 255];
/** Nobody stands in the upper left corner. */
const kLower = { gap: 0, radius: 0, regions: [{ y: 0.5, width: 1, height: 0.5, show: 'main' }] };
const kTall = { quality: 'low', orientation: 'portrait', layout: { type: 'CUSTOM', description: kLower }, background: '#00ff00' };
const kTallSize = { width: 480, height: 854 };
const kRoomSize = { width: 1280, height: 720 };

let rostrum, nginx;

before(async () => {
  [rostrum, nginx] = await Promise.all([Rostrum.start(), NginxRtmp.start()]);
});
after(async () => {
  await rostrum?.stop();
  await nginx?.stop();
});

const compositionOf = (room, output) =>
  rostrum.call('GET', `/v2/rooms/${room}/composition${output ? `?outputId=${output}` : ''}`).then(({ body }) => body.composition);
const change = (room, output, body) => rostrum.call('PATCH', `/v2/rooms/${room}/composition?outputId=${output}`, body);
const compositors = async (session) => (await rostrum.runningElements(session)).filter((name) => name === 'livecompositor').length;
const encoders = async (session) => (await rostrum.runningElements(session)).filter((name) => name === 'x264enc').length;

const started = (kind, id) =>
  until(`${id} runs`, async () => (await rostrum.ok('GET', `/v2/${kind}/${id}`)).status === 'started', 20_000);
const start = (kind, room, body = {}) => rostrum.ok('POST', `/v2/${kind}/start`, { roomId: room, ...body });
const end = (kind, room, id) => rostrum.ok('POST', `/v2/${kind}/end`, { roomId: room, id });

async function finished(kind, room, id) {
  await end(kind, room, id);
  return until(`${id} has stopped`, async () => (await rostrum.ok('GET', `/v2/${kind}/${id}`)).status === 'stopped', 20_000);
}

const recordingFile = (room, session, id) => path.join(rostrum.state, 'recordings', room, session, `${id}.mp4`);

/** Waits until so much more has been recorded. */
const recorded = async (file, seconds) => {
  const lengthOf = async () => Number((await packetTimes(file, 'v').catch(() => [0])).at(-1) ?? 0);
  const wanted = (await lengthOf()) + seconds;
  await until(`${wanted} s of ${path.basename(file)}`, async () => (await lengthOf()) >= wanted, 20_000);
};

/** The upper left corner of every picture of a file. @returns {Promise<number[][]>} */
async function corners(file) {
  const colors = `${file}.rgb`;
  const filter = 'crop=2:2:4:4,format=rgb24';
  await run('ffmpeg', ['-v', 'error', '-y', '-i', file, '-fps_mode', 'passthrough', '-vf', filter, '-f', 'rawvideo', colors]);
  const bytes = fs.readFileSync(colors);
  return Array.from({ length: bytes.length / 12 }, (_, i) => [...bytes.subarray(i * 12, i * 12 + 3)]);
}
const near = (pixel, color) => pixel.every((value, i) => Math.abs(value - color[i]) < 40);

async function pictureOf(file) {
  const { width, height } = (await probe(file)).video;
  return { width, height };
}

test('a room that was not made for it refuses a second one of a kind', async () => {
  const room = await rostrum.room();
  await rostrum.events(room, { participantId: 'ann' });
  const rtmp = (key) => ({ outputs: [{ url: `rtmp://127.0.0.1:${nginx.port}/live`, streamKey: key }] });
  for (const [kind, body, code] of [
    ['recordings', {}, 4018],
    ['livestreams', rtmp('one'), 4019],
    ['hls', {}, 4020],
  ]) {
    const first = await start(kind, room, { ...body, config: { theme: 'LIGHT' } });
    const refused = await rostrum.call('POST', `/v2/${kind}/start`, { roomId: room, ...body, config: { theme: 'DARK' } });
    assert.deepEqual([refused.status, refused.body.code], [409, code], kind);
    assert.equal((await compositionOf(room)).theme, 'LIGHT', 'the first changed the picture of the room, the second nothing');
    await finished(kind, room, first.id);
  }
});

test('outputs with compositions of their own, which those that ask for the same share', async () => {
  const room = await rostrum.room({ multiComposition: { recording: true, hls: true, rtmp: true } });
  const host = await rostrum.testHost(room);
  const usual = await compositionOf(room);

  const plain = await start('recordings', room);
  const tall = await start('recordings', room, { config: kTall });
  const same = await start('recordings', room, { config: kTall });
  const hls = await start('hls', room, { config: { ...kTall, recording: { enabled: false } } });
  const { sessionId: session } = plain;
  await Promise.all([plain, tall, same].map(({ id }) => started('recordings', id)));
  await started('hls', hls.id);

  assert.deepEqual(await compositionOf(room), usual, "the room's is as it was");
  assert.deepEqual(await compositionOf(room, plain.id), usual);
  assert.equal((await compositionOf(room, tall.id)).background, '#00ff00');
  assert.equal(await compositors(session), 2);
  assert.equal(await encoders(session), 4, 'the picture of the room, the tall one, and its two smaller ones for HLS');
  const composerOf = (kind, { id }) => rostrum.ok('GET', `/v2/${kind}/${id}`).then(({ composerId }) => composerId);
  assert.equal(await composerOf('recordings', same), await composerOf('hls', hls));

  const [plainFile, tallFile] = [plain, tall].map(({ id }) => recordingFile(room, session, id));
  await recorded(tallFile, 1);
  const ofRoom = await change(room, plain.id, { theme: 'LIGHT' });
  assert.deepEqual([ofRoom.status, /room's composition/.test(ofRoom.body.message)], [409, true]);
  const shared = await change(room, tall.id, { theme: 'LIGHT' });
  assert.deepEqual([shared.status, /shares this composition/.test(shared.body.message)], [409, true]);
  assert.equal((await change(room, '0'.repeat(24), { theme: 'LIGHT' })).status, 404);

  await finished('recordings', room, same.id);
  await finished('hls', room, hls.id);
  await until('smaller pictures are gone', async () => (await encoders(session)) === 2);
  await rostrum.program.stop('SIGKILL');
  await rostrum.launch();
  await until('the server is back', async () => (await compositionOf(room, tall.id))?.background === '#00ff00');
  const changed = await change(room, tall.id, { background: '#0000ff' });
  assert.deepEqual([changed.status, changed.body.outputId, changed.body.composition.background], [200, tall.id, '#0000ff']);
  await recorded(tallFile, 2);
  await Promise.all([plain, tall].map(({ id }) => finished('recordings', room, id)));
  await host.stop();

  assert.deepEqual(await pictureOf(plainFile), kRoomSize);
  assert.deepEqual(await pictureOf(tallFile), kTallSize);
  const colors = await corners(tallFile);
  const firstBlue = colors.findIndex((color) => near(color, kBlue));
  assert.ok(firstBlue > 10 && near(colors[5], kGreen), `${colors[5]}, blue from ${firstBlue} of ${colors.length}`);
  assert.ok(colors.slice(firstBlue).every((color) => near(color, kBlue)));
  assert.ok((await corners(plainFile)).every((color) => !near(color, kGreen) && !near(color, kBlue)));
  for (const file of [plainFile, tallFile]) assert.equal(await decodeErrors(file), '');
});

test('livestreams with different pictures at once', async () => {
  const room = await rostrum.room({ multiComposition: { rtmp: true } });
  const host = await rostrum.testHost(room);
  const to = (key) => [{ url: `rtmp://127.0.0.1:${nginx.port}/live`, streamKey: key }];
  const wide = await start('livestreams', room, { outputs: to('wide') });
  const tall = await start('livestreams', room, { outputs: to('tall'), config: kTall });
  for (const { id } of [wide, tall]) await started('livestreams', id);
  for (const key of ['wide', 'tall'])
    await until(`2 s of ${key}`, async () => (await packetTimes(nginx.recorded(key), 'v').catch(() => [0])).at(-1) > 2, 20_000);
  await finished('livestreams', room, tall.id);
  assert.equal((await rostrum.ok('GET', `/v2/livestreams/${wide.id}`)).status, 'started', 'the other one goes on');
  await finished('livestreams', room, wide.id);
  await host.stop();
  assert.deepEqual(await pictureOf(nginx.recorded('wide')), kRoomSize);
  assert.deepEqual(await pictureOf(nginx.recorded('tall')), kTallSize);
});

test('an output may start right after the last one was ended', async () => {
  const room = await rostrum.room();
  const host = await rostrum.testHost(room);
  const rtmp = { outputs: [{ url: `rtmp://127.0.0.1:${nginx.port}/live`, streamKey: 'again' }] };
  const ann = { participantId: 'testhost' };
  const kinds = [
    ['recordings', {}, 'end', ({ id }) => ({ id })],
    ['hls', {}, 'end', ({ id }) => ({ id })],
    ['livestreams', rtmp, 'end', ({ id }) => ({ id })],
    ['recordings/composite', {}, 'stop', ({ id }) => ({ recordingId: id })],
    ['recordings/participant', ann, 'stop', () => ann],
    ['recordings/participant/track', { ...ann, kind: 'video' }, 'stop', () => ({ ...ann, kind: 'video' })],
  ];
  for (const [kind, body, verb, named] of kinds) {
    const close = (one) => rostrum.ok('POST', `/v2/${kind}/${verb}`, { roomId: room, ...named(one) });
    const rounds = [];
    for (let round = 0; round < 3; ++round) {
      rounds.push(await start(kind, room, body));
      if (round < 2) await close(rounds.at(-1));
    }
    const last = rounds.at(-1);
    await started(kind, last.id);
    await close(last);
    for (const { id } of rounds)
      await until(`${kind} ${id} has stopped`, async () => (await rostrum.ok('GET', `/v2/${kind}/${id}`)).status === 'stopped', 20_000);
    assert.equal(new Set(rounds.map(({ id }) => id)).size, 3);
  }
  await host.stop();
});
