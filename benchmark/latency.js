#!/usr/bin/env node
// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// latency.js [seconds]: glass-to-glass latency host -> viewer in passthrough and composed. The host publishes a canvas that
// shows its clock as black and white blocks; the viewer reads the blocks back from its video. Both pages share one clock.
// ROSTRUM_BUILD_DIR names the build tree (default: build).

import { blankPage, mediaState, viewerPage } from '../tests/lib/browser_peers.js';
import { launchChromium } from '../tests/lib/chromium.js';
import { until } from '../tests/lib/deadline.js';
import { framesAdvance } from '../tests/lib/frames.js';
import { Rostrum } from '../tests/lib/rostrum.js';
import { machine, percentile, table } from './figures.js';

const seconds = Number(process.argv[2] ?? 20);
const kClock = { bits: 24, block: 48, columns: 12, left: 352, top: 264 }; // px in a 1280x720 picture: two rows in the middle

/** Runs in the host's page: publishes the clock as 720p30. */
async function publishClock({ options, clock }) {
  const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 });
  const context = canvas.getContext('2d');
  const draw = () => {
    const now = Math.round(performance.timeOrigin + performance.now()) % 2 ** clock.bits;
    context.fillStyle = '#456';
    context.fillRect(0, 0, 1280, 720);
    for (let bit = 0; bit < clock.bits; bit++) {
      context.fillStyle = (now >> bit) & 1 ? '#fff' : '#000';
      context.fillRect(
        clock.left + (bit % clock.columns) * clock.block,
        clock.top + Math.floor(bit / clock.columns) * 2 * clock.block,
        clock.block,
        2 * clock.block,
      );
    }
  };
  setInterval(draw, 1000 / 30);
  const stream = canvas.captureStream(30);
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const destination = audio.createMediaStreamDestination();
  tone.connect(destination);
  tone.start();
  stream.addTrack(destination.stream.getAudioTracks()[0]);
  stream.getVideoTracks()[0].contentHint = 'motion';
  const { joinAsHost } = await import('/assets/rostrum.js');
  window.peer = await joinAsHost({ ...options, stream });
}

/** Runs in the viewer's page: collects one latency per shown frame. `tile` is where the host's picture is in the program. */
function readClock({ clock, tile }) {
  const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const latencies = (window.latencies = []);
  const read = () => {
    const now = performance.timeOrigin + performance.now();
    context.drawImage(window.video, 0, 0, 1280, 720);
    const scale = tile.width / 1280;
    let value = 0;
    for (let bit = 0; bit < clock.bits; bit++) {
      const x = tile.x + scale * (clock.left + ((bit % clock.columns) + 0.5) * clock.block);
      const y = tile.y + scale * (clock.top + (Math.floor(bit / clock.columns) * 2 + 1) * clock.block);
      if (context.getImageData(Math.round(x), Math.round(y), 1, 1).data[1] > 127) value |= 1 << bit;
    }
    const latency = (Math.round(now) - value + 2 ** clock.bits) % 2 ** clock.bits;
    latencies.push(latency);
    if (window.latencies === latencies) window.video.requestVideoFrameCallback(read); // else the next measurement began
  };
  window.video.requestVideoFrameCallback(read);
}

/** Finds the picture of the clock in the composed program: the slate background that surrounds the blocks.
 * Returns where the whole picture would be. */
function findTile() {
  const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(window.video, 0, 0, 1280, 720);
  const { data } = context.getImageData(0, 0, 1280, 720);
  const columns = new Array(1280).fill(0);
  const rows = new Array(720).fill(0);
  for (let y = 0; y < 720; y++) {
    for (let x = 0; x < 1280; x++) {
      const i = 4 * (1280 * y + x);
      if ([0x44, 0x55, 0x66].every((wanted, channel) => Math.abs(data[i + channel] - wanted) < 14)) {
        columns[x]++;
        rows[y]++;
      }
    }
  }
  const kEnough = 60; // matching pixels in a line: more than noise has
  const [left, right] = [columns.findIndex((n) => n > kEnough), columns.findLastIndex((n) => n > kEnough) + 1];
  const [top, bottom] = [rows.findIndex((n) => n > kEnough), rows.findLastIndex((n) => n > kEnough) + 1];
  const [width, height] = [right - left, bottom - top];
  if (width < 200 || width > 900) return null; // not composed of two yet
  const scale = Math.max(width / 1280, height / 720); // a tile is filled; what does not fit is cut off on both sides
  return { x: left + (width - 1280 * scale) / 2, y: top + (height - 720 * scale) / 2, width: 1280 * scale };
}

async function measure(viewer, tile) {
  await viewer.evaluate(readClock, { clock: kClock, tile });
  const wanted = seconds * 25;
  await until(`${wanted} frames`, () => viewer.evaluate((n) => window.latencies.length >= n, wanted), seconds * 4000);
  const all = await viewer.evaluate(() => window.latencies);
  const read = all.filter((ms) => ms < 5000); // a frame whose blocks were torn by compression reads as nonsense
  return { read, unread: all.length - read.length };
}

const rostrum = await Rostrum.start();
const browser = await launchChromium();
const rows = [];
const report = (name, { read, unread }) =>
  rows.push([name, ...[50, 95, 99].map((p) => percentile(read, p).toFixed(0)), read.length, unread]);
try {
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const host = await blankPage(browser, rostrum);
  await host.evaluate(publishClock, {
    options: { roomId: room, token: rostrum.hostToken(room), participantId: 'clock', name: '' },
    clock: kClock,
  });
  await mediaState(host, 'connected');
  const viewer = await viewerPage(browser, rostrum, room);
  await until('720p arrives', () => viewer.evaluate(() => window.video.videoWidth === 1280), 40000);
  await framesAdvance(viewer, 60);
  report('passthrough', await measure(viewer, { x: 0, y: 0, width: 1280 }));

  const second = await rostrum.testHost(room, { participantId: 'second' });
  await watcher.next('program-changed', ({ mode }) => mode === 'composed');
  await framesAdvance(viewer, 90);
  const tile = await until('the clock in the composed picture', () => viewer.evaluate(findTile), 20000);
  report('composed, 2 hosts', await measure(viewer, tile));
  await second.stop();
  console.log(`Glass to glass, ${seconds} s each, both browsers' pages, encoder and server on one machine; ${machine()}\n`);
  table(['ms', 'p50', 'p95', 'p99', 'frames read', 'unreadable'], rows);
  await watcher.close();
} finally {
  await browser.close();
  await rostrum.stop();
}
