#!/usr/bin/env node
// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// fanout.js --whepload FILE [--fanlimit FILE] [--viewers "N N …"] [--seconds S] [--ramp N] [--max-load L] [--unpinned]: how many viewers one
// viewerfanout serves on one core, next to what sealing and sending alone could do on this machine in the same run (AES-GCM by EVP, sendmmsg with UDP
// GSO, drained with GRO on the other core). Without --viewers it tries 90 % of that limit and goes up by tenths until not every viewer gets
// everything, then asks for twice the limit with the default max-load, to see how many are let in. ROSTRUM_BUILD_DIR names the build tree.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { run } from '../tests/lib/process.js';
import { FanoutServer } from './fanout_server.js';
import { machine, table } from './figures.js';

const kServerCpu = 0, kLoadCpu = 1;
const kMaxLossPercent = 0.1, kMinRate = 0.99;
const kLimitRow = 'EVP GCM + sendmmsg+GSO';

const { values: options } = parseArgs({
  options: {
    whepload: { type: 'string' },
    fanlimit: { type: 'string' },
    viewers: { type: 'string' },
    seconds: { type: 'string', default: '15' },
    ramp: { type: 'string', default: '150' }, // joins a second
    'max-load': { type: 'string', default: '1' },
    unpinned: { type: 'boolean', default: false }, // as a storm of joins is served
  },
});
if (!options.whepload || !(options.fanlimit || options.viewers)) {
  console.error('fanout.js needs --whepload FILE, and --fanlimit FILE or --viewers');
  process.exit(2);
}
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'fanout-'));

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

/** One round of `viewers` viewers. @returns {Promise<object>} whepload's figures, and the packets a second of the feed */
async function serve(viewers, maxLoad) {
  const cpus = options.unpinned ? `${kServerCpu},${kLoadCpu}` : String(kServerCpu);
  const server = await FanoutServer.start({ cpus, maxLoad });
  try {
    const file = path.join(work, 'load.json');
    const load = ['--viewers', viewers, '--ramp', options.ramp, '--duration', options.seconds, '--connect-timeout', 20, '--codec', 'h264'];
    const measure = ['--cpu', kLoadCpu, '--pid', server.pid, '--quiet', '--json', file];
    await run(options.whepload, [server.uri, ...load, ...measure].map(String), { timeoutMs: 300000 });
    return { ...JSON.parse(fs.readFileSync(file, 'utf8')), sent_pps: server.packetRate() };
  } finally {
    await server.stop();
  }
}

const wellServed = (r) => r.loss_percent < kMaxLossPercent && r.pps / r.viewers_receiving >= kMinRate * r.sent_pps && r.per_viewer.fps.p50 > 29.5;
const passes = (r) => r.viewers_receiving === r.viewers_asked && wellServed(r);

const fixed = (value, digits) => (value ?? NaN).toFixed(digits);
const row = (r, best) => [
  r.viewers_asked,
  r.viewers_receiving,
  fixed(r.server.cores, 3),
  fixed(r.server.cores_per_1000_viewers, 3),
  fixed(r.server.rss_kib_per_viewer, 1),
  fixed(r.loss_percent, 3),
  fixed(r.per_viewer.fps.p50, 1),
  fixed((100 * r.pps) / r.viewers_receiving / r.sent_pps, 1),
  fixed(r.per_viewer.longest_video_gap_ms.p50, 0),
  fixed(r.per_viewer.longest_video_gap_ms.p99, 0),
  fixed(r.ms_since_post.rtp.p95, 0),
  fixed(os.cpus().length - r.machine.idle - r.server.cores - r.whepload.cores, 2),
  fixed(r.viewers_receiving / best, 2),
  passes(r) ? 'yes' : wellServed(r) ? 'for those' : 'no',
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
    results.push(await serve(viewers, options['max-load']));
    if (!options.viewers && !passes(results.at(-1))) break;
  }
  if (!options.viewers) results.push(await serve(2 * before, 0.9));
  const after = await limit();
  const best = (before + after) / 2;
  const head = ['asked', 'served', 'cores', 'cores/1000', 'KiB/viewer', 'loss %', 'fps', 'packets %', 'gap ms p50', 'p99', 'join ms p95', 'others', 'of limit', 'all is well'];
  table(head, results.map((r) => row(r, best)));
  const served = Math.max(0, ...results.filter(passes).map((r) => r.viewers_asked));
  console.log(`\nlimit of the machine ("${kLimitRow}"): ${before} before, ${after} after; served ${served}, ratio ${fixed(served / best, 2)}`);
} finally {
  fs.rmSync(work, { recursive: true, force: true });
}
