// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Firefox plays what viewerfanout serves. Debian's Firefox has no H.264 in WebRTC without a download, so this is VP8.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { until } from '../lib/deadline.js';
import { launchFirefox } from '../lib/firefox.js';
import { framesAdvance } from '../lib/frames.js';
import { GstLaunch } from '../lib/gst_launch.js';
import { blankOrigin, connection, restartIce, rtpStats, soundHeard, watch } from '../lib/whip_whep_page.js';

const kPipeline =
  'videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! vp8enc deadline=1 keyframe-max-dist=60 ! rtpvp8pay ! ' +
  'viewerfanout name=f ice-tcp=true listen=http://127.0.0.1:0/whep audiotestsrc is-live=true ! opusenc ! rtpopuspay ! f.audio';

let browser, origin, pipeline, endpoint;

before(async () => {
  origin = await blankOrigin();
  browser = await launchFirefox();
  pipeline = new GstLaunch(kPipeline);
  endpoint = await pipeline.listening('viewerfanout');
});

after(async () => {
  await browser?.close();
  await pipeline?.stop();
  origin?.close();
});

async function withPage(check) {
  const page = await browser.newPage();
  await page.goto(origin.url);
  try {
    await check(page);
  } finally {
    await page.close();
  }
}

test('picture and sound', { timeout: 60_000 }, () =>
  withPage(async (page) => {
    const { status } = await watch(page, endpoint);
    assert.equal(status, 201);
    await connection(page, 'connected');
    await framesAdvance(page, 60);
    await soundHeard(page);
    const [video] = await rtpStats(page, 'inbound-rtp', 'video');
    assert.equal(video.codec, 'video/VP8');
    assert.equal(video.packetsLost, 0);
    assert.equal(video.frameWidth, 640);
    const left = await page.evaluate(async () => (await fetch(window.resource, { method: 'DELETE' })).status);
    assert.equal(left, 200);
  }),
);

test('over TCP', { timeout: 60_000 }, () =>
  withPage(async (page) => {
    await watch(page, endpoint, { withoutUdp: true });
    await framesAdvance(page, 60);
    await soundHeard(page);
    const pairs = await page.evaluate(async () => {
      const report = await window.pc.getStats();
      return [...report.values()].filter((one) => one.selected).map((one) => report.get(one.remoteCandidateId).protocol);
    });
    assert.deepEqual(pairs, ['tcp']);
  }),
);

test('ICE restart', { timeout: 60_000 }, () =>
  withPage(async (page) => {
    await watch(page, endpoint);
    await framesAdvance(page, 30);
    const [before] = await rtpStats(page, 'inbound-rtp', 'video');
    const restarted = await restartIce(page);
    assert.equal(restarted.status, 200);
    assert.equal(restarted.late, 412);
    assert.equal(restarted.trickled, 204);
    const ufrag = restarted.etag.slice(1, -1);
    const onNewSession = () =>
      page.evaluate(async (wanted) => {
        const report = await window.pc.getStats();
        return [...report.values()].some((one) => one.selected && report.get(one.remoteCandidateId).usernameFragment === wanted);
      }, ufrag);
    await until('media uses a pair of the new ICE session', onNewSession, 15_000);
    await framesAdvance(page, 60);
    const [after] = await rtpStats(page, 'inbound-rtp', 'video');
    assert.equal(after.ssrc, before.ssrc);
    assert.equal(after.packetsLost, 0);
  }),
);
