// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A host that publishes simulcast: its layers are the program's, and stay it when the program is composed.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { Bottleneck } from '../lib/bottleneck.js';
import { blankPage, hostPage, stats, viewerPage } from '../lib/browser_peers.js';
import { launchChromium } from '../lib/chromium.js';
import { until } from '../lib/deadline.js';
import { framesAdvance } from '../lib/frames.js';
import { Rostrum } from '../lib/rostrum.js';

const kFreezeMs = 1500; // a switch waits for a keyframe, not for a layer to be missed
let rostrum;
let hosts;
let viewers;

before(async () => {
  rostrum = await Rostrum.start();
  hosts = await launchChromium();
  viewers = await launchChromium();
});

after(async () => {
  await hosts?.close();
  await viewers?.close();
  await rostrum?.stop();
});

const widthIs = (page, width, timeoutMs = 30_000) =>
  until(`a picture ${width} wide`, async () => (await stats(page)).video?.frameWidth === width, timeoutMs);

/** Measures from here on. */
const watchFrames = (page) =>
  page.evaluate(() => {
    window.longestMs = 0;
    let last = performance.now();
    const look = (now) => {
      window.longestMs = Math.max(window.longestMs, now - last);
      last = now;
      window.video.requestVideoFrameCallback(look);
    };
    window.video.requestVideoFrameCallback(look);
  });
/** Between two frames, in ms. */
const longestPause = (page) => page.evaluate(() => window.longestMs);

/** Runs in a watch page: whether what plays now is louder than silence. */
function soundPlays() {
  if (!window.analyser) {
    const context = new AudioContext();
    window.analyser = context.createAnalyser();
    context.createMediaStreamSource(document.querySelector('#video').srcObject).connect(window.analyser);
  }
  const samples = new Float32Array(window.analyser.fftSize);
  window.analyser.getFloatTimeDomainData(samples);
  return samples.some((sample) => Math.abs(sample) > 0.01);
}

test('a composed program goes to every layer: to composed and back the picture does not stop', { timeout: 180_000 }, async () => {
  const room = await rostrum.room();
  const host = await hostPage(hosts, rostrum, room, { participantId: 'ann', simulcast: true });
  const viewer = await viewerPage(viewers, rostrum, room);
  await widthIs(viewer, 1280);
  const { sessionId } = await viewer.evaluate(() => window.peer.room);
  const plan = () => rostrum.ok('GET', `/v2/sessions/${sessionId}/graph?format=text`);
  const program = (mode) =>
    until(`the program is ${mode}`, () => viewer.evaluate((wanted) => window.peer.room.program.mode === wanted, mode));
  assert.match(await plan(), /# program_2_video shows track_ann_video_2_tee/);

  await watchFrames(viewer);
  await rostrum.ok('POST', '/v2/recordings/start', { roomId: room });
  await program('composed');
  await until('the encoder is in the pipeline', async () => (await rostrum.runningElements(sessionId)).includes('x264enc'));
  for (const selector of ['program_video', 'program_1_video', 'program_2_video'])
    assert.match(await plan(), new RegExp(`# ${selector} shows encode_h264_packets`));
  await framesAdvance(viewer, 90);
  await rostrum.ok('POST', '/v2/recordings/end', { roomId: room });
  await program('passthrough');
  await until('the encoder is gone', async () => !(await rostrum.runningElements(sessionId)).includes('x264enc'), 20000);
  await framesAdvance(viewer, 60);
  const longestMs = await longestPause(viewer);
  assert.ok(longestMs < kFreezeMs, `${longestMs} ms without a frame`);
  const ofHost = async () => (await rostrum.ok('GET', `/v2/sessions/${sessionId}/participant/ann/stats`)).stats;
  await until("the browser answers the server's reference times", async () => (await ofHost()).some((minute) => minute.averageVideoRtt !== null), 20000);
  await Promise.all([host.close(), viewer.close()]);
});

test('a host without layers takes over: who had an upper layer is not left with it', { timeout: 180_000 }, async () => {
  const room = await rostrum.room();
  const ann = await hostPage(hosts, rostrum, room, { participantId: 'ann', simulcast: true });
  const viewer = await viewerPage(viewers, rostrum, room);
  await widthIs(viewer, 1280);
  const bob = await rostrum.testHost(room, { participantId: 'bob', args: ['--width', '480', '--height', '270', '--bitrate', '500'] });
  const { sessionId } = await viewer.evaluate(() => window.peer.room);
  await until('the encoder is in the pipeline', async () => (await rostrum.runningElements(sessionId)).includes('x264enc'));
  await framesAdvance(viewer, 60);
  await watchFrames(viewer);
  await ann.evaluate(() => window.peer.leave());
  await widthIs(viewer, 480);
  await framesAdvance(viewer, 60);
  const longestMs = await longestPause(viewer);
  assert.ok(longestMs < kFreezeMs, `${longestMs} ms without a frame`);
  await Promise.all([ann.close(), viewer.close(), bob.stop()]);
});

test('a viewer gets no more than it asks for, from the start and later', { timeout: 180_000 }, async () => {
  const room = await rostrum.room();
  const host = await hostPage(hosts, rostrum, room, { participantId: 'ann', simulcast: true });
  const viewer = await viewerPage(viewers, rostrum, room, { limits: { maxLayer: 0 } });
  await widthIs(viewer, 320);
  const limit = (limits) => viewer.evaluate((wanted) => window.peer.play().limit(wanted), limits);
  await limit({ maxLayer: 1 });
  await widthIs(viewer, 640);
  await limit({ maxLayer: null });
  await widthIs(viewer, 1280);
  await limit({ maxBitrate: 800_000 }); // sound and the middle layer, which has 500 kbit/s
  await widthIs(viewer, 640);
  await Promise.all([host.close(), viewer.close()]);
});

test('a composed program is made smaller too, as long as a connection is too thin for it', { timeout: 240_000 }, async (t) => {
  const room = await rostrum.room();
  const snow = ['--width', '640', '--height', '360', '--bitrate', '1200', '--pattern', 'snow']; // takes what rate it is given
  const [ann, bob] = await Promise.all(['ann', 'bob'].map((participantId) => rostrum.testHost(room, { participantId, args: snow })));
  const wide = await viewerPage(hosts, rostrum, room); // each in front, in a browser of its own
  const { sessionId } = await wide.evaluate(() => window.peer.room);
  const encoders = async () => (await rostrum.runningElements(sessionId)).filter((factory) => factory === 'x264enc').length;
  const bottleneck = await Bottleneck.open({ down: { delayMs: 20, bitsPerSecond: 1_300_000 }, up: { delayMs: 20 } });
  const page = await blankPage(viewers, rostrum);
  await bottleneck.standBefore(page, /\/whep\//);
  const joined = performance.now();
  const thin = await viewerPage(viewers, rostrum, room, { participantId: 'thin', page });
  try {
    await widthIs(wide, 1280);
    const width = async () => (await stats(thin)).video?.frameWidth;
    await until('a smaller picture', async () => (await width()) < 1280, 30_000);
    t.diagnostic(`${Math.round(performance.now() - joined)} ms from joining to a picture ${await width()} wide`);
    assert.equal(await encoders(), 3);
    await framesAdvance(thin, 60);
    await watchFrames(thin);
    await watchFrames(wide);
    await framesAdvance(thin, 150);
    assert.ok((await longestPause(thin)) < kFreezeMs, `${await longestPause(thin)} ms without a frame`);

    bottleneck.down.setup.bitsPerSecond = 350_000;
    await widthIs(thin, 320);
    await framesAdvance(thin, 90);
    await thin.close();
    await until('one encode', async () => (await encoders()) === 1, 90_000);
    assert.equal((await stats(wide)).video.frameWidth, 1280);
    assert.ok((await longestPause(wide)) < kFreezeMs, `the others: ${await longestPause(wide)} ms without a frame`);
  } finally {
    bottleneck.close();
    await Promise.all([wide.close(), thin.close(), ann.stop(), bob.stop()]);
  }
});

test('a viewer whose connection is too thin for any picture is told so, and goes on hearing', { timeout: 180_000 }, async () => {
  const room = await rostrum.room();
  const host = await hostPage(hosts, rostrum, room, { participantId: 'ann', simulcast: true });
  const bottleneck = await Bottleneck.open({ down: { delayMs: 20 }, up: { delayMs: 20 } });
  const page = await viewers.newPage();
  await bottleneck.standBefore(page, /\/whep\//);
  try {
    await page.goto(`${rostrum.url}/watch/${room}?token=${rostrum.viewerToken(room)}`);
    const state = (wanted) => page.waitForSelector(`body[data-state=${wanted}]`, { timeout: 60_000 });
    await state('live');
    bottleneck.down.setup.bitsPerSecond = 75_000; // sound alone takes about 60,000 with its headers
    await state('paused');
    assert.equal(await page.textContent('#cover-title'), 'Video paused');
    assert.ok(await page.isVisible('#mute'), 'there is sound to be controlled');
    await until('sound', () => page.evaluate(soundPlays), 10000);
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/watch-paused.png` });
    bottleneck.down.setup.bitsPerSecond = Infinity;
    await state('live');
  } finally {
    await page.close();
    bottleneck.close();
    await host.close();
  }
});
