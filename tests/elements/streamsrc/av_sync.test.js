// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A page flashes and beeps at once; streamsrc's times must say so too.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { launchChromium } from '../../lib/chromium.js';
import { until } from '../../lib/deadline.js';
import { flashAndBeep } from '../../lib/flash_and_beep.js';
import { GstLaunch } from '../../lib/gst_launch.js';
import { blankOrigin, connection, publish } from '../../lib/whip_whep_page.js';

// ±1 frame (33 ms), ±1 measuring interval (10 ms), the page's own sound path (20–40 ms, on a busy machine twice that).
// What streamsrc itself adds is measured without a browser by the tests of recordings.
const kMaxSkewMs = 120;
const kFlashes = 20;

const kPipeline = `streamsrc name=s listen=http://127.0.0.1:0/whip latency=200
  s.video_0 ! rtph264depay ! avdec_h264 ! videoanalyse ! fakesink async=false sync=false
  s.audio_0 ! rtpopusdepay ! opusdec ! level interval=10000000 ! fakesink async=false sync=false`;

/** Times at which a value crosses its threshold: [[ms, on]]. */
function switches(lines, pattern, threshold) {
  const found = [];
  for (const match of lines.map((line) => line.match(pattern)).filter(Boolean)) {
    const on = Number(match[2]) > threshold;
    if (on !== (found.at(-1)?.[1] ?? false)) found.push([Number(match[1]) / 1e6, on]);
  }
  return found;
}

const flashes = (lines) => switches(lines, /VideoAnalyse.*?running-time=\(guint64\)(\d+).*?luma-average=\(double\)([\d.e-]+)/, 0.5);
const beeps = (lines) => switches(lines, /level, endtime.*?running-time=\(guint64\)(\d+).*?rms=\(GValueArray\)< ([-\d.e]+)/, -30);

test('sound and picture have one clock', async (t) => {
  const origin = await blankOrigin();
  const chromium = await launchChromium();
  const server = new GstLaunch(kPipeline);
  try {
    const page = await chromium.newPage();
    await page.goto(origin.url);
    await page.evaluate(flashAndBeep);
    assert.equal((await publish(page, await server.listening('streamsrc'))).status, 201);
    await connection(page, 'connected');
    await until('flashes', () => flashes(server.lines).length >= kFlashes && beeps(server.lines).length >= kFlashes, 40000);
  } finally {
    await chromium.close();
    origin.close();
    await server.stop();
  }
  const heard = beeps(server.lines);
  const nearest = ([at, on]) => Math.min(...heard.filter((beep) => beep[1] === on).map((beep) => Math.abs(beep[0] - at)));
  const skews = flashes(server.lines)
    .map(nearest)
    .sort((a, b) => a - b);
  const median = skews[Math.floor(skews.length / 2)];
  t.diagnostic(`flash to beep: median ${median.toFixed(0)} ms, worst ${skews.at(-1).toFixed(0)} ms`);
  assert.ok(median <= kMaxSkewMs);
});
