// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Browsers restart ICE by PATCH against viewerfanout's own WHEP endpoint, and media goes on.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launchChromium } from '../lib/chromium.js';
import { until } from '../lib/deadline.js';
import { framesAdvance } from '../lib/frames.js';
import { GstLaunch } from '../lib/gst_launch.js';
import { blankOrigin, restartIce, rtpStats, watch } from '../lib/whip_whep_page.js';

const kPipeline =
  'videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! vp8enc deadline=1 keyframe-max-dist=60 ! rtpvp8pay ! ' +
  'viewerfanout name=f listen=http://127.0.0.1:0/whep audiotestsrc is-live=true ! opusenc ! rtpopuspay ! f.audio';

let browser, origin, pipeline, endpoint;

before(async () => {
  origin = await blankOrigin();
  browser = await launchChromium();
  pipeline = new GstLaunch(kPipeline);
  endpoint = await pipeline.listening('viewerfanout');
});

after(async () => {
  await browser?.close();
  await pipeline?.stop();
  origin?.close();
});

const transport = (page) =>
  page.evaluate(async () => [...(await window.pc.getStats()).values()].find((one) => one.type === 'transport'));

test('Chromium restarts ICE twice and loses nothing', { timeout: 60_000 }, async () => {
  const page = await browser.newPage();
  try {
    await page.goto(origin.url);
    await watch(page, endpoint);
    await framesAdvance(page, 30);
    for (let round = 1; round <= 2; ++round) {
      const was = await transport(page);
      const [before] = await rtpStats(page, 'inbound-rtp', 'video');
      const restarted = await restartIce(page);
      assert.equal(restarted.status, 200);
      assert.notEqual(restarted.etag, restarted.etagBefore);
      assert.equal(restarted.late, 412);
      assert.equal(restarted.trickled, 204);
      const restartedPair = async () => {
        const now = await transport(page);
        return now.iceLocalUsernameFragment !== was.iceLocalUsernameFragment && now.selectedCandidatePairId !== was.selectedCandidatePairId && now;
      };
      const now = await until('media uses a pair of the new ICE session', restartedPair, 15_000);
      await framesAdvance(page, 60);
      const [after] = await rtpStats(page, 'inbound-rtp', 'video');
      assert.equal(after.packetsLost, 0);
      assert.equal(after.ssrc, before.ssrc);
      assert.equal(after.freezeCount, before.freezeCount);
      // The same viewer: no second DTLS handshake.
      assert.equal(now.dtlsState, 'connected');
      assert.equal(now.remoteCertificateId, was.remoteCertificateId);
    }
    assert.equal(await page.evaluate(async () => (await fetch(window.resource, { method: 'DELETE' })).status), 200);
    await until('the server closed the connection', () => page.evaluate(() => window.pc.connectionState !== 'connected'), 10_000);
  } finally {
    await page.close();
  }
});
