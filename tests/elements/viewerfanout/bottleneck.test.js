// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A path that gets narrow and wide again between viewerfanout and Chromium: the picture follows it, and stays fluid.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launchChromium } from '../../lib/chromium.js';
import { until } from '../../lib/deadline.js';
import { kFramesPerSecond } from '../../lib/layered_feed.js';
import { NarrowViewing, withoutRemb } from '../../lib/narrow_viewing.js';

const kSeed = Number(process.env.SEED ?? 1);
const kWindowMs = 4000; // that a settled picture is judged by

const kPhases = [
  { name: 'no limit', path: { bitsPerSecond: Infinity, loss: 0 }, width: 1280, settleMs: 20_000 },
  { name: '2 Mbit/s', path: { bitsPerSecond: 2_000_000 }, width: 1280, settleMs: 5_000 },
  { name: '800 kbit/s, 1 % loss', path: { bitsPerSecond: 800_000, loss: 0.01 }, width: 640, settleMs: 5_000 },
  { name: '300 kbit/s', path: { bitsPerSecond: 300_000, loss: 0 }, width: 320, settleMs: 5_000 },
  { name: '800 kbit/s again', path: { bitsPerSecond: 800_000 }, width: 640, settleMs: 20_000 },
  { name: '2 Mbit/s again, 2 % loss', path: { bitsPerSecond: 2_000_000, loss: 0.02 }, width: 1280, settleMs: 20_000 },
];

// What a person notices, and what Chromium's jitter buffer does by itself after a jam.
const kMaxGapMs = 500;
const kMaxGapAtChangeMs = 1000;
const kMinFrameRate = 0.85 * kFramesPerSecond;
const kMaxLagMs = 600;
const kMaxConcealed = 0.05;
const kMaxConcealedAtChange = 0.5;

let browser;

before(async () => {
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
});

/** The path becomes as `phase` says: waits for the layer, then judges the way there and a while of it. */
async function pass(viewing, { path, width, settleMs }) {
  const changed = await viewing.change(path);
  const settled = await viewing.reaches(width, settleMs);
  await until('a while has passed', async () => (await viewing.now()) > settled + kWindowMs, 2 * kWindowMs);
  return { change: await viewing.judge(changed, settled), then: await viewing.judge(settled, settled + kWindowMs) };
}

/** @returns {string[]} what was not as it should be */
function faults({ name, width }, { change, then }, lagAtFirst) {
  const checks = {
    [`layers ${then.layers.map((layer) => layer.width)}`]: then.layers.length === 1 && then.layers[0].width === width,
    [`a gap of ${then.longestGapMs} ms`]: then.longestGapMs <= kMaxGapMs,
    [`a gap of ${change.longestGapMs} ms at the change`]: change.longestGapMs <= kMaxGapAtChangeMs,
    [`${then.framesPerSecond} frames/s`]: then.framesPerSecond >= kMinFrameRate,
    [`lags ${then.lagMs - lagAtFirst} ms behind`]: then.lagMs - lagAtFirst <= kMaxLagMs,
    [`sound concealed: ${then.concealed}`]: then.concealed <= kMaxConcealed,
    [`sound concealed at the change: ${change.concealed}`]: change.concealed <= kMaxConcealedAtChange,
  };
  return Object.keys(checks)
    .filter((what) => !checks[what])
    .map((what) => `${name}: ${what}`);
}

const brief = (judged) => JSON.stringify(judged, (_, value) => (typeof value === 'number' ? Math.round(value * 100) / 100 : value));

const kRows = [
  { name: 'REMB', editOffer: undefined },
  { name: 'transport-cc', editOffer: withoutRemb },
];

for (const { name, editOffer } of kRows) {
  test(`the picture follows the path: ${name} (SEED=${kSeed})`, { timeout: 150_000 }, async (context) => {
    const viewing = await NarrowViewing.open(browser, { seed: kSeed, editOffer });
    const found = [];
    try {
      let lagAtFirst;
      for (const phase of kPhases) {
        const judged = await pass(viewing, phase);
        lagAtFirst ??= judged.then.lagMs;
        found.push(...faults(phase, judged, lagAtFirst));
        context.diagnostic(`${phase.name}: ${brief(judged)} ${brief(viewing.bottleneck.down.takeCounters())}`);
      }
    } finally {
      await viewing.close();
    }
    assert.deepEqual(found, []);
  });
}
