// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A path that gets narrow and wide again between viewerfanout and Chromium: the picture follows it, and stays fluid.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launchChromium } from '../../lib/chromium.js';
import { kFramesPerSecond } from '../../lib/layered_feed.js';
import { NarrowViewing, withoutRemb } from '../../lib/narrow_viewing.js';

const kSeed = Number(process.env.SEED ?? 1);
const kHoldMs = 3000; // a layer that stays that long is where the picture has settled

/** `width`: of the layer that the path carries; null: of none. */
const kPhases = [
  { name: 'no limit', path: { bitsPerSecond: Infinity, loss: 0 }, width: 1280 },
  { name: '2 Mbit/s', path: { bitsPerSecond: 2_000_000 }, width: 1280 },
  { name: '800 kbit/s, 1 % loss', path: { bitsPerSecond: 800_000, loss: 0.01 }, width: 640 },
  { name: '300 kbit/s', path: { bitsPerSecond: 300_000, loss: 0 }, width: 320 },
  { name: '130 kbit/s', path: { bitsPerSecond: 130_000 }, width: null },
  { name: '800 kbit/s', path: { bitsPerSecond: 800_000 }, width: 640 },
  { name: '2 Mbit/s, 2 % loss', path: { bitsPerSecond: 2_000_000, loss: 0.02 }, width: 1280 },
];
const kSettleMs = 50_000; // climbs are careful, and wait for the encoder's next keyframe

const kMaxGapMs = 500;
const kMaxGapAtChangeMs = 1000;
const kMinFrameRate = 0.7 * kFramesPerSecond; // a layer begins while the path drains
const kMaxLagMs = 700; // Chromium's jitter buffer grows by itself after a jam
const kMaxConcealed = 0.1;
const kMaxConcealedAtChange = 0.5;
const kMaxConcealedS = 2.5; // until a picture that does not fit has made room for the sound: half of the time that this takes

let browser;

before(async () => {
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
});

/** The path becomes as the phase says. Judges the way to what it carries, and how that is. */
async function pass(viewing, { path, width }) {
  const changed = await viewing.change(path);
  const settled = width
    ? await viewing.holds(width, changed, kHoldMs, kSettleMs)
    : kHoldMs + (await viewing.pauses(2 * kHoldMs, kSettleMs)); // what waited in the path is through by then
  const line = viewing.bottleneck.down.takeCounters();
  return { line, change: await viewing.judge(changed, settled), then: await viewing.judge(settled, settled + kHoldMs) };
}

/** @returns {string[]} what was not as it should be; where the machine itself stood still is left out */
function faults({ name, width }, { line, change, then }, lagAtFirst) {
  const stallMs = 2 * Math.max(line.latestMs, change.stallMs, then.stallMs);
  const checks = {
    [`sound concealed: ${then.concealed}`]: then.concealed <= kMaxConcealed,
  };
  const concealedS = change.concealed * change.seconds; // how long that takes is not seen: its last picture may be an early one
  if (!width) checks[`${concealedS} s of sound concealed at the change`] = concealedS <= kMaxConcealedS;
  if (width)
    Object.assign(checks, {
      [`sound concealed at the change: ${change.concealed}`]: change.concealed <= kMaxConcealedAtChange,
      [`a gap of ${then.longestGapMs} ms`]: then.longestGapMs <= kMaxGapMs + stallMs,
      [`a gap of ${change.longestGapMs} ms at the change`]: change.longestGapMs <= kMaxGapAtChangeMs + stallMs,
      [`${then.framesPerSecond} frames/s`]: then.framesPerSecond >= kMinFrameRate - (kFramesPerSecond * stallMs) / kHoldMs,
      [`lags ${then.lagMs - lagAtFirst} ms behind`]: then.lagMs - lagAtFirst <= kMaxLagMs + stallMs,
    });
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
  test(`the picture follows the path: ${name} (SEED=${kSeed})`, { timeout: 360_000 }, async (context) => {
    const viewing = await NarrowViewing.open(browser, { seed: kSeed, editOffer });
    const found = [];
    try {
      let lagAtFirst;
      let paused = false;
      for (const phase of kPhases) {
        const judged = await pass(viewing, phase);
        if (paused) judged.change.longestGapMs = 0; // that was the pause
        paused = !phase.width;
        lagAtFirst ??= judged.then.lagMs;
        found.push(...faults(phase, judged, lagAtFirst));
        context.diagnostic(`${phase.name}: ${brief(judged)}`);
      }
    } finally {
      await viewing.close();
    }
    assert.deepEqual(found, []);
  });
}
