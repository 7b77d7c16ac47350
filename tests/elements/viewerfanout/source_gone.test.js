// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The host goes away for ten seconds and comes back as somebody else. Viewers stay.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pass } from 'node:timers/promises';

import { launchChromium } from '../../lib/chromium.js';
import { until } from '../../lib/deadline.js';
import { flashAndBeep, lipSkew, observeFlashes } from '../../lib/flash_and_beep.js';
import { framesAdvance } from '../../lib/frames.js';
import { GstLaunch } from '../../lib/gst_launch.js';
import { blankOrigin, connection, publish, rtpStats, soundHeard, watch } from '../../lib/whip_whep_page.js';

const kAbsenceMs = 10_000;
// The page's own sound path and a frame; what is tested is that the absence changes nothing.
const kMaxSkewMs = 150;

const kRows = [
  { name: 'the same codec', before: 'VP8', after: 'VP8' },
  { name: 'another codec', before: 'VP8', after: 'H264' },
];

let origin, browser;

before(async () => {
  origin = await blankOrigin();
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  origin?.close();
});

async function newPage() {
  const page = await browser.newPage();
  await page.goto(origin.url);
  return page;
}

async function newHost(endpoint, codec) {
  const page = await newPage();
  await page.evaluate(flashAndBeep);
  assert.equal((await publish(page, endpoint, { codec })).status, 201);
  await connection(page, 'connected');
  return page;
}

const inbound = async (page) => ({
  video: (await rtpStats(page, 'inbound-rtp', 'video')).find((one) => one.framesDecoded > 0),
  audio: (await rtpStats(page, 'inbound-rtp', 'audio'))[0],
});

for (const row of kRows) {
  test(`back after ten seconds with ${row.name}`, { timeout: 120_000 }, async (t) => {
    const pipeline = new GstLaunch('streamsrc listen=http://127.0.0.1:0/whip ! viewerfanout listen=http://127.0.0.1:0/whep');
    const news = (what, pad) => pipeline.line(new RegExp(`viewerfanout-source-${what}, pad=\\(string\\)${pad}`));
    const pages = [];
    try {
      const whip = await pipeline.listening('streamsrc');
      const first = pages[pages.push(await newHost(whip, row.before)) - 1];
      const viewer = pages[pages.push(await newPage()) - 1];
      await watch(viewer, await pipeline.listening('viewerfanout'));
      await framesAdvance(viewer, 30);
      await soundHeard(viewer);
      await observeFlashes(viewer);
      const skewBefore = await lipSkew(viewer);

      await first.evaluate(() => window.pc.close());
      await news('lost', 'video_0');
      await news('lost', 'audio');
      const gone = await inbound(viewer);
      await pass(kAbsenceMs);
      assert.equal(await viewer.evaluate(() => window.pc.connectionState), 'connected');
      assert.equal((await inbound(viewer)).video.framesDecoded, gone.video.framesDecoded);

      const second = pages[pages.push(await newHost(whip, row.after)) - 1];
      await news('back', 'video_0');
      await news('back', 'audio');
      await framesAdvance(viewer, 30);
      const [sent] = await rtpStats(second, 'outbound-rtp', 'video');
      const missed = async () => sent.framesSent - ((await inbound(viewer)).video.framesDecoded - gone.video.framesDecoded);
      t.diagnostic(`${await missed()} of ${sent.framesSent} frames sent are not shown yet`);
      await until('fewer than ten of them are missed', async () => (await missed()) < 10);
      const back = await inbound(viewer);
      assert.equal(back.video.codec, `video/${row.after}`);
      assert.equal(back.video.packetsLost, gone.video.packetsLost);
      assert.equal(back.video.ssrc, gone.video.ssrc);

      const skewAfter = await lipSkew(viewer);
      t.diagnostic(`flash to beep: ${skewBefore.toFixed(0)} ms before, ${skewAfter.toFixed(0)} ms after`);
      for (const skew of [skewBefore, skewAfter]) assert.ok(Math.abs(skew) < kMaxSkewMs, `${skew} ms`);
      const heard = await inbound(viewer);
      assert.ok(heard.audio.totalAudioEnergy > gone.audio.totalAudioEnergy);
      assert.equal(await viewer.evaluate(() => window.pc.connectionState), 'connected');
    } finally {
      for (const page of pages) await page.close();
      await pipeline.stop();
    }
  });
}
