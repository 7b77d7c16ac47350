// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import fs from 'node:fs';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { decodeErrors, flashesAndBeeps, packetTimes, probe, soundAfterPicture } from '../lib/media_file.js';
import { Rostrum } from '../lib/rostrum.js';

const kSyncSeconds = Number(process.env.SYNC_SECONDS ?? 60);
const kSyncLimitMs = 80;
let rostrum;

before(async () => {
  rostrum = await Rostrum.start();
});

after(async () => {
  await rostrum?.stop();
});

const status = (wanted) => (data) => data.status === wanted;

async function record(room, watcher) {
  const from = watcher.messages.length;
  await rostrum.ok('POST', '/v2/recordings/start', { roomId: room });
  const started = await watcher.next('recording-state-changed', status('RECORDING_STARTED'), { from });
  const file = await until('the recording is listed', async () =>
    (await rostrum.ok('GET', `/v2/recordings?roomId=${room}`)).data.find((one) => !one.end),
  );
  return { startedAt: started.at, id: file.id };
}

async function finish(room, watcher) {
  const from = watcher.messages.length;
  const askedAt = performance.now();
  await rostrum.ok('POST', '/v2/recordings/end', { roomId: room });
  const { data } = await watcher.next('recording-state-changed', status('RECORDING_STOPPED'), { from });
  return { askedAt, path: data.filePath };
}

const localPath = (filePath) => (filePath.startsWith('/') ? filePath : `${rostrum.state}/${filePath}`);

test(
  'a recording is a clean MP4 of the right length, with sound and picture together',
  { timeout: (kSyncSeconds + 150) * 1000 },
  async () => {
    const room = await rostrum.room();
    const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
    const host = await rostrum.testHost(room);
    const { startedAt } = await record(room, watcher);
    await until(`${kSyncSeconds} s are recorded`, () => performance.now() - startedAt > kSyncSeconds * 1000, kSyncSeconds * 1000 + 1000);
    const { askedAt, path } = await finish(room, watcher);
    await host.stop();
    const file = localPath(path);

    const { format, video, audio } = await probe(file);
    assert.equal(video.codec_name, 'h264');
    assert.deepEqual([video.width, video.height], [1280, 720]);
    assert.equal(audio.codec_name, 'aac');
    const wanted = (askedAt - startedAt) / 1000;
    assert.ok(Math.abs(Number(format.duration) - wanted) <= 0.2, `${format.duration} s recorded, ${wanted.toFixed(2)} s wanted`);
    assert.equal(await decodeErrors(file), '');

    const seen = await flashesAndBeeps(file);
    const offsets = soundAfterPicture(seen);
    assert.ok(offsets.length >= kSyncSeconds * 0.8, `${seen.flashes.length} flashes, ${seen.beeps.length} beeps, ${offsets.length} pairs`);
    const worst = offsets.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
    console.log(`sound after picture: ${Math.min(...offsets)}..${Math.max(...offsets)} ms over ${offsets.length} s: ${offsets.join(' ')}`);
    assert.ok(Math.abs(worst) <= kSyncLimitMs, `sound ${worst} ms after the picture`);
    await watcher.close();
  },
);

test(
  'kill -9 of the session: what was recorded plays, the session comes back, the recording goes on in a new part',
  { timeout: 120000 },
  async () => {
    const room = await rostrum.room();
    const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
    const host = await rostrum.testHost(room);
    const { startedAt } = await record(room, watcher);
    await until('8 s are recorded', () => performance.now() - startedAt > 8000, 9000);
    process.kill(await rostrum.sessionPid(watcher.joined.sessionId), 'SIGKILL');
    const recorded = (performance.now() - startedAt) / 1000;
    await watcher.next('session-restarted');
    const directory = `${rostrum.state}/recordings/${room}/${watcher.joined.sessionId}`;
    const [name] = fs
      .readdirSync(directory)
      .filter((one) => one.endsWith('.mp4'))
      .sort();
    const part = `${directory}/${name}`;
    assert.equal(await decodeErrors(part), '');
    for (const kind of ['v', 'a']) {
      const times = await packetTimes(part, kind, 'pts_time');
      const kept = times.at(-1) - times[0];
      assert.ok(recorded - kept <= 1.1, `${kind}: ${kept.toFixed(2)} s of ${recorded.toFixed(2)} s kept`);
    }
    await host.stop().catch(() => {});
    const again = await rostrum.testHost(room, { participantId: 'again' });
    const from = watcher.messages.length;
    await until(
      'a second part grows',
      () => fs.readdirSync(directory).some((one) => one !== name && fs.statSync(`${directory}/${one}`).size > 100000),
      20000,
    );
    await finish(room, watcher);
    assert.ok(watcher.messages.slice(from).some(({ event }) => event === 'recording-state-changed'));
    const parts = fs.readdirSync(directory).filter((one) => one.endsWith('.mp4'));
    assert.equal(parts.length, 2, parts.join(' '));
    for (const one of parts) assert.equal(await decodeErrors(`${directory}/${one}`), '');
    await again.stop();
    await watcher.close();
  },
);

test('a recording needs a live session', async () => {
  const room = await rostrum.room();
  const { status: code, body } = await rostrum.call('POST', '/v2/recordings/start', { roomId: room });
  assert.ok(code === 404 || code === 409 || code === 400, `${code}`);
  assert.ok(body.message && body.requestId);
});
