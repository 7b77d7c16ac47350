// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Chromium plays what gst-launch-1.0 and viewerfanout serve, as the documentation writes it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launchChromium } from '../../lib/chromium.js';
import { until } from '../../lib/deadline.js';
import { framesAdvance } from '../../lib/frames.js';
import { GstLaunch } from '../../lib/gst_launch.js';
import { blankOrigin, rtpStats, soundHeard, watch } from '../../lib/whip_whep_page.js';

const kSound = 'audiotestsrc is-live=true ! opusenc ! rtpopuspay ! f.audio';
const kRows = [
  {
    name: 'VP8 alone, as in the README',
    pipeline: 'videotestsrc ! vp8enc deadline=1 ! rtpvp8pay ! viewerfanout name=f',
    codec: 'video/VP8',
    sound: false,
  },
  {
    name: 'VP8 and Opus',
    pipeline: `videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! vp8enc deadline=1 ! rtpvp8pay ! viewerfanout name=f ${kSound}`,
    codec: 'video/VP8',
    sound: true,
  },
  {
    name: 'H.264 whose parameter sets are in the caps only, and Opus',
    pipeline: `videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! x264enc tune=zerolatency threads=1 speed-preset=ultrafast key-int-max=60 ! video/x-h264,profile=constrained-baseline,stream-format=avc ! rtph264pay aggregate-mode=none config-interval=0 ! viewerfanout name=f ${kSound}`,
    codec: 'video/H264',
    sound: true,
  },
];

let browser, origin;

before(async () => {
  origin = await blankOrigin();
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  origin?.close();
});

const inboundVideo = async (page) => (await rtpStats(page, 'inbound-rtp', 'video'))[0];
const cipher = (page) =>
  page.evaluate(async () => [...(await window.pc.getStats()).values()].find((one) => one.type === 'transport').srtpCipher);

for (const row of kRows) {
  test(row.name, { timeout: 60_000 }, async () => {
    const pipeline = new GstLaunch(row.pipeline.replace('viewerfanout name=f', 'viewerfanout name=f listen=http://127.0.0.1:0/whep'));
    const page = await browser.newPage();
    try {
      const endpoint = await pipeline.listening('viewerfanout');
      await page.goto(origin.url);
      const { status } = await watch(page, endpoint);
      assert.equal(status, 201);
      await until('frames advance', async () => (await inboundVideo(page))?.framesDecoded > 60, 20_000);
      assert.equal(await page.evaluate(() => window.pc.connectionState), 'connected');
      const video = await inboundVideo(page);
      assert.equal(video.codec, row.codec);
      assert.equal(await cipher(page), 'SRTP_AEAD_AES_128_GCM');
      assert.equal(video.packetsLost, 0);
      if (row.sound) await soundHeard(page);
      const left = await page.evaluate(async () => (await fetch(window.resource, { method: 'DELETE' })).status);
      assert.equal(left, 200);
      await until('the server closed the connection', () => page.evaluate(() => window.pc.connectionState !== 'connected'), 10_000);
    } finally {
      await page.close();
      await pipeline.stop();
    }
  });
}

// The source changes its codec, size, SSRC and numbers; the viewer's connection stays as it is.
test('VP8 becomes H.264 in the same connection', { timeout: 120_000 }, async () => {
  const pipeline = new GstLaunch(
    'videotestsrc num-buffers=600 ! video/x-raw,width=640,height=360,framerate=30/1 ! vp8enc deadline=1 keyframe-max-dist=60 ! rtpvp8pay ! c. ' +
      'videotestsrc pattern=ball ! video/x-raw,width=320,height=180,framerate=30/1 ! x264enc tune=zerolatency threads=1 speed-preset=ultrafast key-int-max=60 ! video/x-h264,profile=constrained-baseline ! rtph264pay aggregate-mode=none ! c. ' +
      'concat name=c ! viewerfanout listen=http://127.0.0.1:0/whep',
  );
  const page = await browser.newPage();
  try {
    const endpoint = await pipeline.listening('viewerfanout');
    await page.goto(origin.url);
    assert.equal((await watch(page, endpoint)).status, 201);
    await until(
      'VP8 is shown',
      async () => {
        const video = await inboundVideo(page);
        return video?.codec === 'video/VP8' && video.framesDecoded > 30;
      },
      18_000,
    );
    await until(
      'H.264 is shown',
      async () => {
        const video = await inboundVideo(page);
        return video.codec === 'video/H264' && video.frameWidth === 320;
      },
      60_000,
    );
    await framesAdvance(page, 60);
    assert.equal((await inboundVideo(page)).packetsLost, 0);
  } finally {
    await page.close();
    await pipeline.stop();
  }
});
