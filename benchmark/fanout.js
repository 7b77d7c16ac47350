#!/usr/bin/env node
// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// fanout.js --whepload FILE [--fanlimit FILE] [--viewers "N N …"] [--seconds S]: how many viewers one viewerfanout serves on one core, next to what
// sealing and sending alone could do on this machine in the same run (AES-GCM by EVP, sendmmsg with UDP GSO, drained with GRO on the other core).
// Without --viewers it tries 90 % of that limit and goes up by tenths until not every viewer gets everything. ROSTRUM_BUILD_DIR names the build tree.

import { execFileSync } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { Program, run } from '../tests/lib/process.js';
import { machine, table } from './figures.js';
import { RtpFeed } from './rtp_feed.js';

const kServerCpu = 0, kLoadCpu = 1;
const kRamp = 250; // joins a second
const kMaxLossPercent = 0.1, kMinRate = 0.99;
const kLimitRow = 'EVP GCM + sendmmsg+GSO';

const { values: options } = parseArgs({
  options: { whepload: { type: 'string' }, fanlimit: { type: 'string' }, viewers: { type: 'string' }, seconds: { type: 'string', default: '15' } },
});
if (!options.whepload || !(options.fanlimit || options.viewers)) {
  console.error('fanout.js needs --whepload FILE, and --fanlimit FILE or --viewers');
  process.exit(2);
}
const build = path.resolve(process.env.ROSTRUM_BUILD_DIR ?? 'build');
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'fanout-'));
const env = { GST_PLUGIN_PATH: path.join(build, 'plugins'), GST_REGISTRY: path.join(work, 'registry.bin'), GST_REGISTRY_FORK: 'no' };

/** Viewers that sealing and sending alone would serve. */
async function limit() {
  if (!options.fanlimit) return NaN;
  const file = path.join(work, 'limit.json');
  const { code, stderr } = await run(options.fanlimit, ['--sections', 'c', '--sinks', 'drain+GRO', '--only', kLimitRow, '--reps', '3', '--json', file], {
    timeoutMs: 300000,
  });
  if (code !== 0) throw new Error(stderr);
  return Math.round(JSON.parse(fs.readFileSync(file, 'utf8')).rows[0].viewers_per_core);
}

async function freePort() {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise((closed) => socket.close(closed));
  return port;
}

/** One round of `viewers` viewers. @returns {Promise<object>} whepload's figures, and the packets a second of the feed */
async function serve(viewers) {
  const [videoPort, audioPort] = [await freePort(), await freePort()];
  const source = (port, caps) => `udpsrc address=127.0.0.1 port=${port} caps=application/x-rtp,${caps}`;
  const pipeline =
    `${source(videoPort, 'media=video,encoding-name=H264,clock-rate=90000,payload=96')} ! f.video_0 ` +
    `${source(audioPort, 'media=audio,encoding-name=OPUS,clock-rate=48000,payload=97')} ! f.audio ` +
    'viewerfanout name=f listen=http://127.0.0.1:0/whep max-viewers=100000';
  const server = new Program('taskset', ['-c', kServerCpu, 'gst-launch-1.0', '-m', ...pipeline.split(' ')].map(String), { env });
  const feed = new RtpFeed({ videoPort, audioPort });
  try {
    const [, uri] = await server.line(/viewerfanout-listening.*uri=\(string\)([^;]+);/);
    await feed.start();
    const file = path.join(work, 'load.json');
    const load = ['--viewers', viewers, '--ramp', kRamp, '--duration', options.seconds, '--connect-timeout', 20, '--codec', 'h264'];
    const measure = ['--cpu', kLoadCpu, '--pid', server.pid, '--quiet', '--json', file];
    await run(options.whepload, [uri.replaceAll('"', ''), ...load, ...measure].map(String), { timeoutMs: 300000 });
    const seconds = (performance.now() - feed.began) / 1000;
    return { ...JSON.parse(fs.readFileSync(file, 'utf8')), sent_pps: feed.packets / seconds };
  } finally {
    feed.stop();
    await server.stop('SIGINT');
  }
}

const passes = (r) =>
  r.viewers_receiving === r.viewers_asked && r.loss_percent < kMaxLossPercent && r.pps / r.viewers_asked >= kMinRate * r.sent_pps && r.per_viewer.fps.p50 > 29.5;

const fixed = (value, digits) => (value ?? NaN).toFixed(digits);
const row = (r, best) => [
  r.viewers_asked,
  r.viewers_receiving,
  fixed(r.server.cores, 3),
  fixed(r.server.cores_per_1000_viewers, 3),
  fixed(r.server.rss_kib_per_viewer, 1),
  fixed(r.loss_percent, 3),
  fixed(r.per_viewer.fps.p50, 1),
  fixed((100 * r.pps) / r.viewers_asked / r.sent_pps, 1),
  fixed(r.per_viewer.longest_video_gap_ms.p99, 0),
  fixed(r.ms_since_post.rtp.p95, 0),
  fixed(r.viewers_asked / best, 2),
  passes(r) ? 'yes' : 'no',
];

function* counts(best) {
  if (options.viewers) return yield* options.viewers.split(/[ ,]+/).map(Number);
  for (let tenth = 9; tenth <= 30; tenth++) yield Math.round((best * tenth) / 10);
}

try {
  execFileSync('taskset', ['-cp', String(kLoadCpu), String(process.pid)], { stdio: 'ignore' });
  console.log(`1 Mbit/s of 720p30 H.264 and Opus, one shard, the server on one core, ${options.seconds} s; ${machine()}\n`);
  const before = await limit();
  const results = [];
  for (const viewers of counts(before)) {
    results.push(await serve(viewers));
    if (!options.viewers && !passes(results.at(-1))) break;
  }
  const after = await limit();
  const best = (before + after) / 2;
  const head = ['viewers', 'served', 'cores', 'cores/1000', 'KiB/viewer', 'loss %', 'fps', 'packets %', 'longest gap ms', 'join p95 ms', 'of limit', 'all is well'];
  table(head, results.map((r) => row(r, best)));
  const served = Math.max(0, ...results.filter(passes).map((r) => r.viewers_asked));
  console.log(`\nlimit of the machine ("${kLimitRow}"): ${before} before, ${after} after; served ${served}, ratio ${fixed(served / best, 2)}`);
} finally {
  fs.rmSync(work, { recursive: true, force: true });
}
