#!/usr/bin/env node
// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// churn.js --whepload FILE [--minutes M] [--viewers N] [--ramp R]: joins and leaves for M minutes (an hour by default). N viewers come at R a second,
// watch for two seconds and leave, again and again. Prints the server's resident memory with the crowd and without it. ROSTRUM_BUILD_DIR names the
// build tree. Exit status 1 when somebody was not served, or when the second half of the time took more memory than the first.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { run, usage } from '../tests/lib/process.js';
import { FanoutServer } from './fanout_server.js';
import { machine, table } from './figures.js';

const kToleranceKib = 256; // tables and the allocator's own habits
const kRows = 20; // of the table, however long it takes

const { values: options } = parseArgs({
  options: {
    whepload: { type: 'string' },
    minutes: { type: 'string', default: '60' },
    viewers: { type: 'string', default: '400' },
    ramp: { type: 'string', default: '200' },
  },
});
if (!options.whepload) {
  console.error('churn.js needs --whepload FILE');
  process.exit(2);
}

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'churn-'));
const server = await FanoutServer.start({ cpus: '0,1', maxLoad: 1 });

/** One crowd comes and goes. */
async function crowd() {
  const file = path.join(work, 'load.json');
  const load = ['--viewers', options.viewers, '--ramp', options.ramp, '--duration', '2', '--warmup', '0', '--codec', 'h264'];
  await run(options.whepload, [server.uri, ...load, '--pid', String(server.pid), '--quiet', '--json', file], { timeoutMs: 120000 });
  const result = JSON.parse(fs.readFileSync(file, 'utf8'));
  return { served: result.viewers_receiving, with: result.server.rss_kib, without: usage(server.pid).rssKib };
}

try {
  console.log(`${options.viewers} viewers come and go for ${options.minutes} minutes; ${machine()}\n`);
  const began = performance.now();
  const minutes = () => (performance.now() - began) / 60000;
  const crowds = [];
  while (minutes() < Number(options.minutes)) crowds.push({ ...(await crowd()), minutes: minutes() });

  const joins = (count) => count * Number(options.viewers);
  const every = Math.max(1, Math.ceil(crowds.length / kRows));
  const shown = crowds.map((c, i) => [c.minutes.toFixed(1), joins(i + 1), c.served, c.with, c.without]).filter((_, i) => i % every === 0 || i === crowds.length - 1);
  table(['minutes', 'joins', 'served of the last crowd', 'RSS KiB with it', 'without'], shown);

  const most = (list) => Math.max(...list.map((c) => c.without));
  const half = Math.ceil(crowds.length / 2);
  const growth = most(crowds.slice(half)) - most(crowds.slice(0, half));
  const missed = joins(crowds.length) - crowds.reduce((sum, c) => sum + c.served, 0);
  console.log(`\n${joins(crowds.length)} joins, ${missed} not served; second half against the first: ${growth} KiB`);
  process.exitCode = missed > 0 || growth > kToleranceKib ? 1 : 0;
} finally {
  await server.stop();
  fs.rmSync(work, { recursive: true, force: true });
}
