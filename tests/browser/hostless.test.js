// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The last host drops while a livestream and a recording run. They go on with the slate and silence, for a while.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { decodeErrors, packetTimes } from '../lib/media_file.js';
import { NginxRtmp } from '../lib/nginx_rtmp.js';
import { run } from '../lib/process.js';
import { Rostrum } from '../lib/rostrum.js';
import { WebhookReceiver } from '../lib/webhook_receiver.js';

let nginx;
let hooks;

before(async () => {
  nginx = await NginxRtmp.start();
  hooks = await WebhookReceiver.start();
});

after(async () => {
  await hooks?.stop();
  await nginx?.stop();
});

const serve = (...args) =>
  Rostrum.start({ args: ['--empty-timeout', '1', '--slate-grace', '1', '--slate-text', 'Back soon', '--webhook-url', hooks.url, ...args] });

const length = async (name) => (await packetTimes(nginx.recorded(name), 'v')).at(-1) ?? 0;
const longer = (name, seconds) => until(`${name} is ${seconds} s long`, async () => (await length(name)) > seconds, 30000);

/** Background in the corner, some bright letters in the middle. */
async function showsSlate(file, at) {
  const picture = `${nginx.directory.path}/picture.gray`;
  const args = ['-v', 'error', '-nostdin', '-y', '-ss', String(at), '-i', file, '-frames:v', '1', '-vf', 'scale=320:180'];
  await run('ffmpeg', [...args, '-f', 'rawvideo', '-pix_fmt', 'gray', picture]);
  const pixels = fs.readFileSync(picture);
  assert.equal(pixels.length, 320 * 180);
  const middle = [];
  for (let y = 80; y < 100; y++) middle.push(...pixels.subarray(y * 320 + 80, y * 320 + 240));
  const bright = middle.filter((value) => value > 150).length / middle.length;
  return pixels[0] < 40 && bright > 0.01 && bright < 0.5;
}

/** The loudest sample of a stretch in dB. */
async function loudness(file, from, seconds) {
  const args = ['-v', 'info', '-nostdin', '-ss', String(from), '-t', String(seconds), '-i', file, '-vn', '-af', 'volumedetect'];
  const { stderr } = await run('ffmpeg', [...args, '-f', 'null', '-']);
  return Number(stderr.match(/max_volume: (\S+) dB/)[1]);
}

async function checkContinuous(file) {
  for (const kind of ['v', 'a']) {
    const times = await packetTimes(file, kind);
    const gaps = times.slice(1).map((time, index) => time - times[index]);
    assert.ok(Math.min(...gaps) > 0, `${kind}: times grow`);
    assert.ok(Math.max(...gaps) < 0.5, `${kind}: a gap of ${Math.max(...gaps).toFixed(3)} s`);
  }
  assert.equal(await decodeErrors(file), '');
}

test('the host drops and returns: one connection, no gap, the slate and silence between', async (t) => {
  const rostrum = await serve('--slate-time', '300');
  t.after(() => rostrum.stop());
  const room = await rostrum.room();
  let host = await rostrum.testHost(room);
  const livestream = await rostrum.ok('POST', '/v2/livestreams/start', { roomId: room, outputs: [{ url: nginx.url, streamKey: 'returns' }] });
  const recording = await rostrum.ok('POST', '/v2/recordings/start', { roomId: room });
  await longer('returns', 2);
  const there = await length('returns');
  await host.stop();
  const dropped = await length('returns');
  // Longer than the time after which an empty session ends.
  await longer('returns', dropped + 5);
  assert.equal((await rostrum.ok('GET', `/v2/sessions/${livestream.sessionId}`)).status, 'ongoing');
  const back = await length('returns');
  host = await rostrum.testHost(room);
  await longer('returns', back + 4);
  const shown = (await rostrum.ok('GET', `/v2/livestreams/${livestream.id}`)).outputs[0];
  assert.deepEqual([shown.state, shown.attempts, shown.reconnects], ['live', 1, 0]);
  await rostrum.ok('POST', '/v2/livestreams/end', { roomId: room });
  await rostrum.ok('POST', '/v2/recordings/end', { roomId: room });
  await nginx.noted('done', 'returns');
  const stopped = await hooks.next('recording-stopped');
  await host.stop();

  assert.equal(nginx.notes.filter(({ what, name }) => what === 'publish' && name === 'returns').length, 1);
  const file = nginx.recorded('returns');
  await checkContinuous(file);
  assert.ok(!(await showsSlate(file, there - 0.5)), 'the host before');
  assert.ok(await showsSlate(file, dropped + 3), 'the slate');
  assert.ok(!(await showsSlate(file, (await length('returns')) - 0.5)), 'the host after');
  assert.ok((await loudness(file, dropped + 2, 2)) < -80, 'silence');
  assert.ok((await loudness(file, 0, 2)) > -40, 'sound before');
  const { parts } = await rostrum.ok('GET', `/v2/recordings/${recording.id}`);
  assert.equal(parts?.length ?? 1, 1, 'one part');
  await checkContinuous(stopped.data.filePath);
});

test('nobody returns: outputs end with the reason, then the session does by its own rule', async (t) => {
  const rostrum = await serve('--slate-time', '2');
  t.after(() => rostrum.stop());
  const room = await rostrum.room();
  const host = await rostrum.testHost(room);
  const { id, sessionId } = await rostrum.ok('POST', '/v2/livestreams/start', { roomId: room, outputs: [{ url: nginx.url, streamKey: 'leaves' }] });
  await longer('leaves', 1);
  const dropped = await length('leaves');
  await host.stop();
  await nginx.noted('done', 'leaves');
  const went_on = (await length('leaves')) - dropped;
  assert.ok(went_on > 2 && went_on < 6, `it went on for ${went_on.toFixed(1)} s`);
  const { reason } = await until('the livestream has stopped', async () => {
    const livestream = await rostrum.ok('GET', `/v2/livestreams/${id}`);
    return livestream.status === 'stopped' && livestream;
  });
  assert.equal(reason, 'no-host');
  await until('the session ends', async () => (await rostrum.ok('GET', `/v2/sessions/${sessionId}`)).status === 'ended');
});

test('a participant who stays keeps the session, not the outputs', async (t) => {
  const rostrum = await serve('--slate-time', '1');
  t.after(() => rostrum.stop());
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const host = await rostrum.testHost(room);
  const { sessionId } = await rostrum.ok('POST', '/v2/livestreams/start', { roomId: room, outputs: [{ url: nginx.url, streamKey: 'stays' }] });
  await longer('stays', 1);
  await host.stop();
  await nginx.noted('done', 'stays');
  await watcher.next('livestream-state-changed', ({ status }) => status === 'LIVESTREAM_STOPPED');
  await watcher.next('program-changed', ({ mode }) => mode === 'empty');
  assert.equal((await rostrum.ok('GET', `/v2/sessions/${sessionId}`)).status, 'ongoing');
  await watcher.close();
});
