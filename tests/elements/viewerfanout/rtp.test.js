// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What Chromium makes of the details of viewerfanout's RTP.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launchChromium } from '../../lib/chromium.js';
import { until } from '../../lib/deadline.js';
import { framesAdvance } from '../../lib/frames.js';
import { GstLaunch } from '../../lib/gst_launch.js';
import { payloadType, PickyRelay } from '../../lib/picky_relay.js';
import { blankOrigin, publish, rtpStats, soundHeard, watch } from '../../lib/whip_whep_page.js';

const kFanout = 'viewerfanout name=f listen=http://127.0.0.1:0/whep';
const kPicture = 'videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=30/1';
const kVp8 = `${kPicture} ! vp8enc deadline=1 keyframe-max-dist=60 ! rtpvp8pay picture-id-mode=15-bit ! f.video_0`;
const kSound = 'audiotestsrc is-live=true ! opusenc ! rtpopuspay ! f.audio';

let browser, origin;

before(async () => {
  origin = await blankOrigin();
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  origin?.close();
});

/** Runs `check(page, endpoint)` with a page on a blank origin and a pipeline that serves. */
async function withPage(description, check) {
  const pipeline = new GstLaunch(description);
  const page = await browser.newPage();
  try {
    const endpoint = await pipeline.listening('viewerfanout');
    await page.goto(origin.url);
    await check(page, endpoint);
  } finally {
    await page.close();
    await pipeline.stop();
  }
}

/** Offers abs-capture-time, which Chromium knows and does not offer by itself. */
const offerCaptureTime = () => {
  const add = RTCPeerConnection.prototype.addTransceiver;
  RTCPeerConnection.prototype.addTransceiver = function (...args) {
    const transceiver = add.apply(this, args);
    const known = transceiver.getHeaderExtensionsToNegotiate();
    transceiver.setHeaderExtensionsToNegotiate(
      known.map((one) => (one.uri.endsWith('/abs-capture-time') ? { ...one, direction: 'sendrecv' } : one)),
    );
    return transceiver;
  };
};

const inbound = async (page, kind) => (await rtpStats(page, 'inbound-rtp', kind))[0];

/** Every eighth packet of the sound is lost, never two in a row: with RED all of it is heard. */
test('RED repairs the sound while packets are lost, and ends afterwards', { timeout: 120_000 }, async () => {
  let opusType, redType;
  const heard = { opus: 0, red: 0 };
  let lossy = true;
  let sound = 0;
  const relay = await PickyRelay.open((datagram) => {
    const type = payloadType(datagram);
    if (type !== opusType && type !== redType) return true;
    heard[type === redType ? 'red' : 'opus']++;
    return !lossy || ++sound % 8 !== 0;
  });
  try {
    await withPage(`${kFanout} ${kVp8} ${kSound}`, async (page, endpoint) => {
      await relay.standBefore(page, endpoint);
      page.on('response', async (response) => {
        const answer = response.request().method() === 'POST' ? await response.text() : '';
        opusType ??= Number(answer.match(/a=rtpmap:(\d+) opus\/48000\/2/)?.[1]);
        redType ??= Number(answer.match(/a=rtpmap:(\d+) red\/48000\/2/)?.[1]);
      });
      assert.equal((await watch(page, endpoint)).status, 201);
      await soundHeard(page);
      await until('packets are RED', () => heard.red > 50, 20_000);

      const before = await inbound(page, 'audio');
      await until('twenty more are lost', async () => (await inbound(page, 'audio')).packetsLost >= before.packetsLost + 20, 20_000);
      const after = await inbound(page, 'audio');
      const concealed = after.concealedSamples - before.concealedSamples;
      const lost = (after.packetsLost - before.packetsLost) * 960;
      assert.ok(concealed < lost / 3, `${concealed} samples concealed of ${lost} lost`);

      lossy = false;
      const start = heard.opus;
      await until('plain Opus again', () => heard.opus > start + 50, 40_000);
      assert.equal(await page.evaluate(() => window.pc.connectionState), 'connected');
    });
  } finally {
    relay.close();
  }
});

/** The sender's clock is the monotonic one, as in the sender reports. */
test('abs-capture-time: the capture times of sound and picture', { timeout: 60_000 }, () =>
  withPage(`${kFanout} ${kVp8} ${kSound}`, async (page, endpoint) => {
    await page.evaluate(offerCaptureTime);
    assert.equal((await watch(page, endpoint)).status, 201);
    await soundHeard(page);
    await framesAdvance(page, 90); // beyond the first packets: once a second
    for (const kind of ['audio', 'video']) {
      const seen = await page.evaluate((wanted) => {
        const receiver = window.pc.getReceivers().find((one) => one.track.kind === wanted);
        return receiver.getSynchronizationSources()[0].captureTimestamp;
      }, kind);
      const age = Number(process.hrtime.bigint() / 1_000_000n) - seen;
      assert.ok(age > -50 && age < 3000, `${kind} was captured ${age} ms ago`);
    }
  }),
);

/** @param {Buffer} datagram SRTCP: its first eight bytes are in the clear */
const isTransportFeedback = (datagram) => datagram[0] === (0x80 | 15) && datagram[1] === 205;

for (const [name, edit, expected] of [
  ['REMB, as Chromium offers both', (offer) => offer, false],
  ['transport-cc, when REMB is not offered', (offer) => offer.replaceAll(/^a=rtcp-fb:\d+ goog-remb\r\n/gm, ''), true],
]) {
  test(`feedback by ${name}`, { timeout: 60_000 }, async () => {
    let feedback = 0;
    const relay = await PickyRelay.open(() => true, (datagram) => (feedback += isTransportFeedback(datagram) ? 1 : 0));
    try {
      await withPage(`${kFanout} ${kVp8} ${kSound}`, async (page, endpoint) => {
        await relay.standBefore(page, endpoint, edit);
        const { status, answer } = await watch(page, endpoint);
        assert.equal(status, 201);
        assert.equal(/^a=rtcp-fb:\d+ transport-cc\r$/m.test(answer), expected);
        assert.equal(/^a=rtcp-fb:\d+ goog-remb\r$/m.test(answer), !expected);
        await framesAdvance(page, 60);
        await soundHeard(page);
        if (expected) await until('feedback comes', () => feedback > 10, 10_000);
        else assert.equal(feedback, 0);
        for (const kind of ['audio', 'video']) assert.equal((await inbound(page, kind)).packetsLost, 0);
      });
    } finally {
      relay.close();
    }
  });
}

test('VP9 passes through', { timeout: 60_000 }, () =>
  withPage(
    `${kFanout} codecs=vp9 ${kPicture} ! vp9enc deadline=1 cpu-used=8 keyframe-max-dist=60 ! rtpvp9pay picture-id-mode=15-bit ! f.video_0`,
    async (page, endpoint) => {
      assert.equal((await watch(page, endpoint)).status, 201);
      await framesAdvance(page, 90);
      const { codec, packetsLost } = await inbound(page, 'video');
      assert.deepEqual({ codec, packetsLost }, { codec: 'video/VP9', packetsLost: 0 });
    },
  ),
);

/** Publishes a camera, watches it, has another page take over, and goes on watching. */
async function takeOver(codec, simulcast) {
  const pipeline = new GstLaunch(
    `streamsrc listen=http://127.0.0.1:0/whip ! viewerfanout codecs=${codec.toLowerCase()} listen=http://127.0.0.1:0/whep`,
  );
  const pages = [];
  const open = async () => {
    pages.push(await browser.newPage());
    await pages.at(-1).goto(origin.url);
    return pages.at(-1);
  };
  try {
    const whip = await pipeline.listening('streamsrc');
    const whep = await pipeline.listening('viewerfanout');
    const options = { codec, simulcast, width: 640, height: 360 };
    assert.equal((await publish(await open(), whip, options)).status, 201);
    const viewer = await open();
    assert.equal((await watch(viewer, whep)).status, 201);
    await framesAdvance(viewer, 60);
    const before = await inbound(viewer, 'video');
    assert.equal(before.codec, `video/${codec}`);
    assert.equal((await publish(await open(), whip, options)).status, 201);
    await pages[0].close();
    await framesAdvance(viewer, 120, 20000);
    const after = await inbound(viewer, 'video');
    assert.deepEqual([after.packetsLost, after.pliCount], [before.packetsLost, before.pliCount]);
    assert.ok(after.keyFramesDecoded > before.keyFramesDecoded);
  } finally {
    for (const page of pages) if (!page.isClosed()) await page.close();
    await pipeline.stop();
  }
}

test('AV1 passes through, from one publisher to the next', { timeout: 120_000 }, () => takeOver('AV1', false));

// Temporal layers: Chromium connects the frames by picture ids and TL0PICIDX.
test('VP8 with temporal layers, from one publisher to the next', { timeout: 120_000 }, () => takeOver('VP8', true));
