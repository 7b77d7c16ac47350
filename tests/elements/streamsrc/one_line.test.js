// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A server of one line: a browser publishes to streamsrc, others watch viewerfanout, and a second line relays it.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { launchChromium } from '../../lib/chromium.js';
import { until } from '../../lib/deadline.js';
import { framesAdvance } from '../../lib/frames.js';
import { GstLaunch } from '../../lib/gst_launch.js';
import { freePorts } from '../../lib/process.js';
import { blankOrigin, connection, publish, rtpStats, soundHeard, watch } from '../../lib/whip_whep_page.js';

const kServer = 'streamsrc listen=http://127.0.0.1:0/whip ! viewerfanout listen=http://127.0.0.1:0/whep';

let origin, chromium, server, whip, whep;

before(async () => {
  origin = await blankOrigin();
  chromium = await launchChromium();
});

after(async () => {
  await chromium?.close();
  origin?.close();
});

beforeEach(async () => {
  server = new GstLaunch(kServer);
  whip = await server.listening('streamsrc');
  whep = await server.listening('viewerfanout');
});

afterEach(async () => {
  for (const page of chromium.pages()) await page.close();
  const { code } = await server.stop();
  assert.equal(code, 0, server.stderr);
});

async function newPage() {
  const page = await chromium.newPage();
  await page.goto(origin.url);
  return page;
}

async function newHost(options) {
  const page = await newPage();
  const reply = await publish(page, whip, options);
  assert.equal(reply.status, 201, reply.answer);
  await connection(page, 'connected');
  return page;
}

async function newViewer(endpoint = whep) {
  const page = await newPage();
  const reply = await watch(page, endpoint);
  assert.equal(reply.status, 201, reply.answer);
  await connection(page, 'connected');
  return page;
}

async function seesAndHears(viewer, codec) {
  await framesAdvance(viewer);
  await soundHeard(viewer);
  const [video] = await rtpStats(viewer, 'inbound-rtp');
  assert.equal(video.codec, codec);
}

test('one publishes, one watches, in H.264 unless told otherwise', async () => {
  const host = await newHost();
  await seesAndHears(await newViewer(), 'video/H264');
  const [sent] = await rtpStats(host, 'outbound-rtp');
  assert.equal(sent.codec, 'video/H264');
  assert.ok(sent.frameHeight >= 240, `starts at ${sent.frameWidth}x${sent.frameHeight}`);
});

test('VP8 when the publisher knows nothing else', async () => {
  await newHost({ codec: 'VP8' });
  await seesAndHears(await newViewer(), 'video/VP8');
});

test('a relay of the same', async () => {
  await newHost();
  const relay = new GstLaunch(`streamsrc uri=whep+${whep} ! viewerfanout listen=http://127.0.0.1:0/whep`);
  try {
    await relay.state('connected');
    await seesAndHears(await newViewer(await relay.listening('viewerfanout')), 'video/H264');
  } finally {
    assert.equal((await relay.stop()).code, 0, relay.stderr);
  }
});

test('a relay waits for its source and finds it again', async () => {
  const [port] = await freePorts(1);
  const line = `streamsrc listen=http://127.0.0.1:0/whip ! viewerfanout listen=http://127.0.0.1:${port}/whep`;
  const relay = new GstLaunch(`streamsrc uri=whep+http://127.0.0.1:${port}/whep ! viewerfanout listen=http://127.0.0.1:0/whep`);
  let source;
  try {
    await relay.state('disconnected');
    source = new GstLaunch(line);
    whip = await source.listening('streamsrc');
    await newHost();
    const viewer = await newViewer(await relay.listening('viewerfanout'));
    await framesAdvance(viewer);
    await source.stop();
    source = new GstLaunch(line);
    whip = await source.listening('streamsrc');
    await newHost();
    await framesAdvance(viewer, 60);
  } finally {
    await source?.stop();
    assert.equal((await relay.stop()).code, 0, relay.stderr);
  }
});

test('the next publisher takes over and the viewer stays', async () => {
  const first = await newHost();
  const viewer = await newViewer();
  await seesAndHears(viewer, 'video/H264');
  await newHost({ codec: 'VP8' });
  await until('the first is sent away', () => first.evaluate(() => window.pc.connectionState !== 'connected'));
  await framesAdvance(viewer);
  await until('the picture is the new one', async () => {
    const streams = await rtpStats(viewer, 'inbound-rtp');
    return streams.some((one) => one.codec === 'video/VP8');
  });
  await framesAdvance(viewer);
  await connection(viewer, 'connected', 100);
});

test('a publisher that leaves is missed at once, and may come back', async () => {
  const host = await newHost();
  const viewer = await newViewer();
  await framesAdvance(viewer);
  const left = performance.now();
  await host.evaluate(() => window.pc.close());
  await server.line(/state=\(string\)disconnected, reason=\(string\)remote-close/);
  assert.ok(performance.now() - left < 1000);
  await newHost();
  await framesAdvance(viewer);
});

test('DELETE ends it', async () => {
  const host = await newHost();
  const status = await host.evaluate(async () => (await fetch(window.resource, { method: 'DELETE' })).status);
  assert.equal(status, 200);
  await server.line(/state=\(string\)disconnected, reason=\(string\)deleted/);
  await until('the page notices', () => host.evaluate(() => window.pc.connectionState !== 'connected'));
});
