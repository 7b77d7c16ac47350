// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { hostPage, viewerPage } from '../lib/browser_peers.js';
import { launchChromium } from '../lib/chromium.js';
import { until } from '../lib/deadline.js';
import { framesAdvance } from '../lib/frames.js';
import { decodeErrors, packetTimes, probe } from '../lib/media_file.js';
import { NginxRtmp } from '../lib/nginx_rtmp.js';
import { Rostrum } from '../lib/rostrum.js';

let rostrum;
let browser;
let first;
let second;

before(async () => {
  rostrum = await Rostrum.start();
  first = await NginxRtmp.start();
  second = await NginxRtmp.start();
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  await second?.stop();
  await first?.stop();
  await rostrum?.stop();
});

/** The recorded file holds at least that much of the stream. */
const received = (nginx, name, seconds) =>
  until(`nginx has ${seconds} s of ${name}`, async () => (await packetTimes(nginx.recorded(name), 'v')).at(-1) > seconds, 30000);

async function checkFlv(file) {
  const { video, audio } = await probe(file);
  assert.equal(video.codec_name, 'h264');
  assert.deepEqual([video.width, video.height], [1280, 720]);
  assert.equal(audio.codec_name, 'aac');
  assert.ok(['44100', '48000'].includes(audio.sample_rate), audio.sample_rate);
  const times = await packetTimes(file, 'v');
  const rate = (times.length - 1) / (times.at(-1) - times[0]);
  assert.ok(Math.abs(rate - 30) < 1, `${rate.toFixed(2)} frames per second`);
  for (const kind of ['v', 'a']) {
    const dts = await packetTimes(file, kind);
    assert.ok(
      dts.every((time, index) => index === 0 || time > dts[index - 1]),
      `${kind}: timestamps grow`,
    );
  }
  assert.equal(await decodeErrors(file), '');
}

test('a browser host goes live to two servers; viewers stay; end is clean', async () => {
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const host = await hostPage(browser, rostrum, room, { participantId: 'ann' });
  const viewer = await viewerPage(browser, rostrum, room);
  await framesAdvance(viewer, 30);
  await host.evaluate(
    (outputs) => window.peer.goLive(outputs),
    [
      { url: first.url, streamKey: 'one' },
      { url: second.url, streamKey: 'two' },
    ],
  );
  const started = await watcher.next('livestream-state-changed', ({ status }) => status === 'LIVESTREAM_STARTED');
  assert.equal(started.data.outputs.length, 2);
  await watcher.next(
    'livestream-state-changed',
    ({ outputs = [] }) => outputs.length === 2 && outputs.every(({ state }) => state === 'live'),
  );
  await received(first, 'one', 6);
  await received(second, 'two', 6);
  await framesAdvance(viewer, 30);

  await rostrum.ok('POST', '/v2/livestreams/end', { roomId: room });
  await watcher.next('livestream-state-changed', ({ status }) => status === 'LIVESTREAM_STOPPED');
  await first.noted('done', 'one');
  await second.noted('done', 'two');
  await checkFlv(first.recorded('one'));
  await checkFlv(second.recorded('two'));
  await framesAdvance(viewer, 30);
  await Promise.all([host.close(), viewer.close()]);
  await watcher.close();
});

test('a dead destination hurts nobody, and is served when it comes', async () => {
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const host = await rostrum.testHost(room);
  await second.program.stop();
  await rostrum.ok('POST', '/v2/livestreams/start', {
    roomId: room,
    outputs: [
      { url: first.url, streamKey: 'good' },
      { url: second.url, streamKey: 'late' },
    ],
  });
  await first.noted('publish', 'good');
  await watcher.next('livestream-state-changed', ({ outputs = [] }) =>
    outputs.some(({ state }) => state === 'retrying' || state === 'failed'),
  );
  await received(first, 'good', 4);
  await second.launch();
  await second.noted('publish', 'late', 30000);
  await received(second, 'late', 2);
  await rostrum.ok('POST', '/v2/livestreams/end', { roomId: room });
  await first.noted('done', 'good');
  await second.noted('done', 'late');
  await checkFlv(first.recorded('good'));
  await host.stop();
  await watcher.close();
});

test('what cannot work is refused before anything starts', async () => {
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  for (const outputs of [
    [],
    [{ url: 'http://example.org/live', streamKey: 'k' }],
    [{ url: 'file:///etc/passwd', streamKey: 'k' }],
    'rubbish',
    [{ streamKey: 'k' }],
  ]) {
    const { status, body } = await rostrum.call('POST', '/v2/livestreams/start', { roomId: room, outputs });
    assert.equal(status, 400, JSON.stringify(outputs));
    assert.ok(body.message && body.requestId && body.code, JSON.stringify(body));
  }
  assert.ok(!watcher.names().includes('livestream-state-changed'));
  await watcher.close();
});
