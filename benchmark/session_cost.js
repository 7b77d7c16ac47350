#!/usr/bin/env node
// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// session_cost.js [seconds]: CPU and memory of one session process: one host passthrough, two hosts composed at 720p30, and with RTMP and
// recording on top. Hosts are synthetic and one viewer receives; neither is counted. ROSTRUM_BUILD_DIR names the build tree (default: build).

import { viewerPage } from '../tests/lib/browser_peers.js';
import { launchChromium } from '../tests/lib/chromium.js';
import { until } from '../tests/lib/deadline.js';
import { framesAdvance } from '../tests/lib/frames.js';
import { NginxRtmp } from '../tests/lib/nginx_rtmp.js';
import { holdings, usage } from '../tests/lib/process.js';
import { Rostrum } from '../tests/lib/rostrum.js';
import { machine, table } from './figures.js';

const seconds = Number(process.argv[2] ?? 20);

async function cost(pid) {
  const start = usage(pid);
  const from = performance.now();
  await until('the time is over', () => performance.now() - from >= seconds * 1000, seconds * 1000 + 2000);
  const end = usage(pid);
  const wall = (performance.now() - from) / 1000;
  return [((end.cpu - start.cpu) / wall).toFixed(3), (end.rssKib / 1024).toFixed(1), holdings(pid).threads];
}

const rostrum = await Rostrum.start();
const nginx = await NginxRtmp.start();
const browser = await launchChromium();
const rows = [];
try {
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const first = await rostrum.testHost(room, { participantId: 'first' });
  const viewer = await viewerPage(browser, rostrum, room);
  await framesAdvance(viewer, 60);
  const pid = await rostrum.sessionPid(watcher.joined.sessionId);
  rows.push(['one host, passthrough', ...(await cost(pid))]);
  const second = await rostrum.testHost(room, { participantId: 'second' });
  await watcher.next('program-changed', ({ mode }) => mode === 'composed');
  await framesAdvance(viewer, 60);
  rows.push(['two hosts, composed 720p30', ...(await cost(pid))]);
  await rostrum.ok('POST', '/v2/livestreams/start', { roomId: room, outputs: [{ url: nginx.url, streamKey: 'cost' }] });
  await rostrum.ok('POST', '/v2/recordings/start', { roomId: room });
  await nginx.noted('publish', 'cost');
  await watcher.next('recording-state-changed', ({ status }) => status === 'RECORDING_STARTED');
  rows.push(['the same, with RTMP and recording', ...(await cost(pid))]);
  console.log(`${seconds} s each, 720p30 H.264 1.5 Mbit/s + Opus per host, one viewer; ${machine()}\n`);
  table(['session', 'cores', 'RSS MiB', 'threads'], rows);
  await Promise.all([first.stop(), second.stop()]);
  await watcher.close();
} finally {
  await browser.close();
  await nginx.stop();
  await rostrum.stop();
}
