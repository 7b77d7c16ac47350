#!/usr/bin/env node
// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// hls_latency.js [SECONDS]: end to end through HLS. The host's camera shows its clock in black and white fields; hls.js plays the
// live playlist in low-latency mode, and what is on screen is read back. Both pages share one clock. Also: how long a player
// takes to the first picture, and how long after the API call a stream can be played.
// ROSTRUM_BUILD_DIR names the build tree (default: build).

import { hostPage } from '../tests/lib/browser_peers.js';
import { launchChromium } from '../tests/lib/chromium.js';
import { clockCamera, observeClock } from '../tests/lib/clock_camera.js';
import { until } from '../tests/lib/deadline.js';
import { framesAdvance } from '../tests/lib/frames.js';
import { startHls } from '../tests/lib/hls.js';
import { hlsPage } from '../tests/lib/hls_player.js';
import { Rostrum } from '../tests/lib/rostrum.js';
import { machine, percentile, table } from './figures.js';

const seconds = Number(process.argv[2] ?? 30);
const kSettleMs = 5000; // a player begins a little behind and catches up

const rostrum = await Rostrum.start();
const browser = await launchChromium();
try {
  await browser.addInitScript(clockCamera, clockCamera.options);
  const room = await rostrum.room();
  await hostPage(browser, rostrum, room);
  const askedAt = performance.now();
  const hls = await startHls(rostrum, room);
  const playableAfter = performance.now() - askedAt;
  const openedAt = performance.now();
  const viewer = await hlsPage(browser, rostrum, hls.livestreamUrl);
  await framesAdvance(viewer, 1, 30000);
  const firstPicture = performance.now() - openedAt;
  await until('the player has settled', () => performance.now() - openedAt > kSettleMs, kSettleMs + 1000);
  await observeClock(viewer);
  await until('enough pictures', () => viewer.evaluate((n) => window.latencies.length >= n, seconds * 20), seconds * 4000);
  const [latencies, player] = await viewer.evaluate(() => [
    window.latencies,
    { target: window.hls.targetLatency, stalls: window.errors.filter((text) => text.startsWith('bufferStalled')).length },
  ]);
  console.log(`HLS end to end, ${seconds} s, browsers' pages, encoders and server on one machine; ${machine()}\n`);
  table(
    ['ms', 'p50', 'p95', 'p99', 'max', 'pictures'],
    [['camera to hls.js', ...[50, 95, 99, 100].map((p) => percentile(latencies, p).toFixed(0)), latencies.length]],
  );
  console.log(`\nhls.js means to be ${player.target.toFixed(2)} s behind the end of the playlist; ${player.stalls} stalls.`);
  console.log(`First picture ${firstPicture.toFixed(0)} ms after the player was opened; playable ${playableAfter.toFixed(0)} ms after POST /v2/hls/start.`);
} finally {
  await browser.close();
  await rostrum.stop();
}
