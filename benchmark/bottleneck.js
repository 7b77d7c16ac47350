#!/usr/bin/env node
// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// bottleneck.js [--transport-cc] [KBIT[:LOSS]...]: one Chromium watches a feed of three layers through a path of so many kbit/s
// and per cent of loss, each for kPhaseMs. ROSTRUM_BUILD_DIR names the build tree (default: build).

import { launchChromium } from '../tests/lib/chromium.js';
import { until } from '../tests/lib/deadline.js';
import { NarrowViewing, withoutRemb } from '../tests/lib/narrow_viewing.js';
import { machine, table } from './figures.js';

const kPhaseMs = 15_000;
const kDefault = ['2000', '800', '300', '800', '2000'];

process.env.ROSTRUM_BUILD_DIR ??= new URL('../build', import.meta.url).pathname;
const words = process.argv.slice(2);
const transportCc = words.includes('--transport-cc');
const phases = words.filter((word) => /^\d/.test(word));

const browser = await launchChromium();
const viewing = await NarrowViewing.open(browser, { editOffer: transportCc ? withoutRemb : undefined });
try {
  const rows = [];
  for (const phase of phases.length ? phases : kDefault) {
    const [kilobits, loss = 0] = phase.split(':').map(Number);
    viewing.bottleneck.down.takeCounters();
    const from = await viewing.change({ bitsPerSecond: kilobits * 1000, loss: loss / 100 });
    await until('a phase has passed', async () => (await viewing.now()) > from + kPhaseMs, 2 * kPhaseMs);
    const seen = await viewing.judge(from, from + kPhaseMs);
    const path = viewing.bottleneck.down.takeCounters();
    rows.push([
      kilobits,
      loss,
      seen.layers.map(({ width, at }) => `${width} (${((at - from) / 1000).toFixed(1)} s)`).join(', '),
      seen.framesPerSecond.toFixed(1),
      Math.round(seen.longestGapMs),
      (100 * seen.concealed).toFixed(1),
      Math.round((path.bytes * 8) / kPhaseMs),
      path.droppedFull,
      Math.round(path.longestQueueMs),
    ]);
  }
  console.log(`${kPhaseMs / 1000} s each, ${transportCc ? 'transport-cc' : 'REMB'}; ${machine()}\n`);
  table(
    ['kbit/s', 'loss %', 'width (since)', 'frames/s', 'longest gap ms', 'concealed %', 'kbit/s sent', 'dropped', 'longest queue ms'],
    rows,
  );
} finally {
  await viewing.close();
  await browser.close();
}
