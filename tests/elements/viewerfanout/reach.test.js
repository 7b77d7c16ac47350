// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Chromium reaches viewerfanout where UDP does not.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launchChromium } from '../../lib/chromium.js';
import { until } from '../../lib/deadline.js';
import { framesAdvance } from '../../lib/frames.js';
import { GstLaunch } from '../../lib/gst_launch.js';
import { blankOrigin, rtpStats, selectedPair, soundHeard, watch } from '../../lib/whip_whep_page.js';

const kPipeline =
  'videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! vp8enc deadline=1 keyframe-max-dist=60 ! rtpvp8pay ! ' +
  'viewerfanout name=f listen=http://127.0.0.1:0/whep audiotestsrc is-live=true ! opusenc ! rtpopuspay ! f.audio';

let browser, origin;

before(async () => {
  origin = await blankOrigin();
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  origin?.close();
});

/** Runs `check(page, endpoint)` with a page on a blank origin and the pipeline with `properties` of viewerfanout. */
async function withPage(properties, check) {
  const pipeline = new GstLaunch(kPipeline.replace('name=f', `name=f ${properties}`));
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

const candidates = (answer) => answer.split('\r\n').filter((line) => line.startsWith('a=candidate:'));

test('the picture comes over TCP when UDP is blocked', { timeout: 60_000 }, () =>
  withPage('ice-tcp=true', async (page, endpoint) => {
    const { status, answer } = await watch(page, endpoint, { withoutUdp: true });
    assert.equal(status, 201);
    assert.deepEqual(
      candidates(answer).map((line) => line.split(' ')[2]),
      ['udp', 'tcp'],
    );
    await framesAdvance(page, 60);
    await soundHeard(page);
    const { local, remote } = await selectedPair(page);
    assert.equal(local.protocol, 'tcp');
    assert.equal(remote.protocol, 'tcp');
    const [video] = await rtpStats(page, 'inbound-rtp', 'video');
    assert.equal(video.packetsLost, 0);
    assert.equal(await page.evaluate(async () => (await fetch(window.resource, { method: 'DELETE' })).status), 200);
    await until('the server closed the connection', () => page.evaluate(() => window.pc.connectionState !== 'connected'), 10_000);
  }),
);

test('UDP is taken when both are there', { timeout: 60_000 }, () =>
  withPage('ice-tcp=true', async (page, endpoint) => {
    await watch(page, endpoint);
    await framesAdvance(page, 30);
    assert.equal((await selectedPair(page)).remote.protocol, 'udp');
  }),
);

test('a full element says when to come again', { timeout: 60_000 }, () =>
  withPage('max-viewers=1', async (page, endpoint) => {
    assert.equal((await watch(page, endpoint)).status, 201);
    const refused = await page.evaluate(async (url) => {
      const headers = { 'content-type': 'application/sdp' };
      const response = await fetch(url, { method: 'POST', headers, body: window.pc.localDescription.sdp });
      return { status: response.status, retryAfter: response.headers.get('retry-after') };
    }, endpoint);
    assert.equal(refused.status, 503);
    assert.ok(Number(refused.retryAfter) > 0);
  }),
);

test('an IPv4 and an IPv6 address, each UDP and TCP', { timeout: 60_000 }, () =>
  withPage('ice-tcp=true public-address=127.0.0.1,::1', async (page, endpoint) => {
    const { answer } = await watch(page, endpoint);
    assert.deepEqual(
      candidates(answer).map((line) => [line.split(' ')[2], line.split(' ')[4]]),
      [
        ['udp', '127.0.0.1'],
        ['udp', '::1'],
        ['tcp', '127.0.0.1'],
        ['tcp', '::1'],
      ],
    );
    await framesAdvance(page, 30);
  }),
);

for (const [protocol, options] of Object.entries({ udp: {}, tcp: { withoutUdp: true } })) {
  test(`media flows over IPv6 alone, by ${protocol}`, { timeout: 60_000 }, () =>
    withPage('ice-tcp=true public-address=::1', async (page, endpoint) => {
      const { answer } = await watch(page, endpoint, options);
      assert.deepEqual([...new Set(candidates(answer).map((line) => line.split(' ')[4]))], ['::1']);
      await framesAdvance(page, 60);
      await soundHeard(page);
      const { remote } = await selectedPair(page);
      assert.equal(remote.address, '::1');
      assert.equal(remote.protocol, protocol);
      const [video] = await rtpStats(page, 'inbound-rtp', 'video');
      assert.equal(video.packetsLost, 0);
    }),
  );
}
