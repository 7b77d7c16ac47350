// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// HLS in real players: hls.js and Chromium's own.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { hostPage } from '../lib/browser_peers.js';
import { launchChromium } from '../lib/chromium.js';
import { until } from '../lib/deadline.js';
import { framesAdvance } from '../lib/frames.js';
import { startHls } from '../lib/hls.js';
import { hlsPage } from '../lib/hls_player.js';
import { Rostrum } from '../lib/rostrum.js';

let rostrum, chromium, room, hls, viewer;

before(async () => {
  rostrum = await Rostrum.start();
  chromium = await launchChromium();
  room = await rostrum.room();
  await hostPage(chromium, rostrum, room);
  hls = await startHls(rostrum, room);
});

after(async () => {
  await chromium?.close();
  await rostrum?.stop();
});

/** But for stalls, which a busy machine makes, and what a seek breaks off. */
const kHarmless = /^(bufferStalledError|bufferNudgeOnStall|bufferSeekOverHole|aborted|bufferAppendNoProgress)/;
const errors = async (page) => (await page.evaluate(() => window.errors)).filter((text) => !kHarmless.test(text));

test('hls.js plays the live edge with parts and blocking reload', async () => {
  viewer = await hlsPage(chromium, rostrum, hls.livestreamUrl);
  await framesAdvance(viewer, 90, 30000);
  const state = await viewer.evaluate(() => ({
    levels: window.hls.levels.map(({ width, height, codecs }) => `${width}x${height}`),
    parts: window.hls.levels[window.hls.currentLevel].details.partList?.length,
    blocking: window.hls.levels[window.hls.currentLevel].details.canBlockReload,
    target: window.hls.levels[window.hls.currentLevel].details.partHoldBack,
  }));
  assert.deepEqual(state.levels.toSorted(), ['1280x720', '320x180', '640x360']);
  assert.ok(state.parts > 0 && state.blocking);
  assert.ok(state.target < 3, `it means to be ${state.target} s behind`);
  assert.deepEqual(await errors(viewer), []);
});

test('it switches renditions without a break', async () => {
  for (const height of [180, 720, 360]) {
    await viewer.evaluate((wanted) => (window.hls.nextLevel = window.hls.levels.findIndex((level) => level.height === wanted)), height);
    await until(`the picture is ${height} high`, () => viewer.evaluate((wanted) => window.video.videoHeight === wanted, height), 20000);
    await framesAdvance(viewer, 30);
  }
  assert.deepEqual(await errors(viewer), []);
  await viewer.close();
});

test('a viewer goes back in the DVR window and returns to the live edge', async () => {
  const page = await hlsPage(chromium, rostrum, hls.playbackHlsUrl);
  await framesAdvance(page, 30, 30000);
  await until('there is something to go back to', () => page.evaluate(() => window.video.seekable.end(0) - window.video.seekable.start(0) > 10), 20000);
  await page.evaluate(() => (window.video.currentTime = window.video.seekable.start(0) + 0.5));
  await framesAdvance(page, 30);
  assert.ok(await page.evaluate(() => window.video.currentTime < window.video.seekable.start(0) + 8), 'it is back there');
  await page.evaluate(() => (window.video.currentTime = window.hls.liveSyncPosition));
  await framesAdvance(page, 30);
  assert.deepEqual(await errors(page), []);
  await page.close();
});

test('Chromium itself plays the live stream', async () => {
  const page = await hlsPage(chromium, rostrum, hls.livestreamUrl, { native: true });
  await framesAdvance(page, 60, 30000);
  assert.deepEqual(await errors(page), []);
  await page.close();
});

test('when it is over it is a film: hls.js and Chromium play it to the end', async () => {
  await rostrum.ok('POST', '/v2/hls/end', { roomId: room });
  hls = await until('it has stopped', async () => {
    const now = await rostrum.ok('GET', `/v2/hls/${hls.id}`);
    return now.status === 'stopped' && now;
  }, 15000);
  for (const native of [false, true]) {
    const page = await hlsPage(chromium, rostrum, hls.playbackHlsUrl, { native });
    await framesAdvance(page, 30, 30000);
    const duration = await until('the duration is known', () => page.evaluate(() => Number.isFinite(window.video.duration) && window.video.duration));
    assert.ok(Math.abs(duration - hls.duration) < 0.5, `${duration} s, said to be ${hls.duration} s`);
    await page.evaluate(() => (window.video.currentTime = window.video.duration - 2));
    await until('its end', () => page.evaluate(() => window.video.ended), 20000);
    assert.deepEqual(await errors(page), []);
    await page.close();
  }
});
