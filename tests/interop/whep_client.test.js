// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A WHEP client that knows nothing of us: that of the author of the draft, which trickles candidates.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { launchChromium } from '../lib/chromium.js';
import { until } from '../lib/deadline.js';
import { framesAdvance } from '../lib/frames.js';
import { GstLaunch } from '../lib/gst_launch.js';
import { blankOrigin, connection, rtpStats, soundHeard } from '../lib/whip_whep_page.js';

const kClient = createRequire(import.meta.url).resolve('whip-whep/whep.js');
const kPipeline =
  'videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! vp8enc deadline=1 keyframe-max-dist=60 ! rtpvp8pay ! ' +
  'viewerfanout name=f listen=http://127.0.0.1:0/whep audiotestsrc is-live=true ! opusenc ! rtpopuspay ! f.audio';

/** Plays in the page, with what the client asks of the endpoint in `window.asked`. */
const view = (page, endpoint) =>
  page.evaluate(async (url) => {
    const { WHEPClient } = await import('/whep.js');
    window.asked = [];
    const { fetch } = window;
    window.fetch = async (...request) => {
      const response = await fetch(...request);
      window.asked.push({ method: request[1].method, ifMatch: request[1].headers['If-Match'], status: response.status });
      return response;
    };
    const pc = (window.pc = new RTCPeerConnection());
    const video = Object.assign(document.createElement('video'), { autoplay: true, playsInline: true });
    document.body.append(video);
    const stream = (video.srcObject = new MediaStream());
    pc.ontrack = ({ track }) => stream.addTrack(track);
    pc.addTransceiver('audio', { direction: 'recvonly' });
    pc.addTransceiver('video', { direction: 'recvonly' });
    window.client = new WHEPClient();
    await window.client.view(pc, url);
  }, endpoint);

test('plays, trickles, restarts ICE, leaves', { timeout: 60_000 }, async () => {
  const origin = await blankOrigin({ '/whep.js': kClient });
  const browser = await launchChromium();
  const pipeline = new GstLaunch(kPipeline);
  try {
    const page = await browser.newPage();
    await page.goto(origin.url);
    await view(page, await pipeline.listening('viewerfanout'));
    const asked = () => page.evaluate(() => window.asked);
    await connection(page, 'connected');
    await framesAdvance(page, 30);
    await soundHeard(page);
    await until('the candidates are trickled', async () => (await asked()).some(({ method }) => method === 'PATCH'));

    await page.evaluate(() => window.client.restart());
    await until('candidates of the new ICE session', async () => (await asked()).some(({ ifMatch }) => ifMatch && ifMatch !== '*'));
    await framesAdvance(page, 60);
    const [video] = await rtpStats(page, 'inbound-rtp', 'video');
    assert.equal(video.packetsLost, 0);
    const restarts = (await asked()).filter(({ ifMatch }) => ifMatch === '*');
    assert.deepEqual(restarts.map(({ status }) => status), [200]);
    // It keeps the entity tag of a restart, but not that of the answer to its offer.
    const trickles = (await asked()).filter(({ method, ifMatch }) => method === 'PATCH' && ifMatch !== '*');
    assert.ok(trickles.every(({ ifMatch, status }) => status === (ifMatch ? 204 : 428)), JSON.stringify(trickles));
    await page.evaluate(() => window.client.stop());
  } finally {
    await browser.close();
    await pipeline.stop();
    origin.close();
  }
});
