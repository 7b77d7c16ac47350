// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The elements without the launcher, as the documentation shows them: gst-launch-1.0 on one side, a browser on the other.

import assert from 'node:assert/strict';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { launchChromium } from '../lib/chromium.js';
import { until } from '../lib/deadline.js';
import { framesAdvance } from '../lib/frames.js';
import { freePorts, Program } from '../lib/process.js';
import { kBuild } from '../lib/rostrum.js';
import { servePages } from '../lib/static_pages.js';

const kEnvironment = {
  GST_PLUGIN_PATH: path.join(kBuild, 'plugins'),
  GST_REGISTRY: path.join(kBuild, 'gst-registry.bin'),
  GST_REGISTRY_FORK: 'no',
};
let browser;
let pages;

before(async () => {
  pages = await servePages();
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  pages?.close();
});

/** Runs a pipeline as written until the test is over. */
async function launch(pipeline) {
  const program = new Program('gst-launch-1.0', pipeline.split(/\s+/), { env: kEnvironment });
  await program.line(/PLAYING|Pipeline is live/);
  return program;
}

async function openPage() {
  const page = await browser.newPage();
  await page.goto(pages.url);
  return page;
}

/** Plays a WHEP endpoint in a page. */
async function play(page, endpoint) {
  await page.evaluate(async (url) => {
    const { Player } = await import('/assets/rostrum/peer.js');
    const video = Object.assign(document.createElement('video'), { autoplay: true, muted: true });
    document.body.append(video);
    window.player = new Player({ endpoint: new URL(url), token: 'unused' });
    video.srcObject = window.player.stream;
    window.player.start();
  }, endpoint);
  await framesAdvance(page, 30);
}

test('videotestsrc to a browser through viewerfanout', { timeout: 60000 }, async () => {
  const [port] = await freePorts(1);
  const pipeline = await launch(
    `videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! vp8enc deadline=1 ! rtpvp8pay ! viewerfanout listen=http://127.0.0.1:${port}/whep`,
  );
  const page = await openPage();
  await play(page, `http://127.0.0.1:${port}/whep`);
  await page.evaluate(() => window.player.close());
  await page.close();
  assert.equal((await pipeline.stop('SIGINT')).signal, null);
});

test('a one-line SFU, and a one-line relay of it', { timeout: 120000 }, async () => {
  const [whip, whep, relay] = await freePorts(3);
  const sfu = await launch(`streamsrc listen=http://127.0.0.1:${whip}/whip ! viewerfanout listen=http://127.0.0.1:${whep}/whep`);
  const publisher = await openPage();
  await publisher.evaluate(async (url) => {
    const { Publisher } = await import('/assets/rostrum/peer.js');
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 1280, height: 720 }, audio: true });
    window.publisher = new Publisher({ endpoint: new URL(url), token: 'unused', stream }).start();
  }, `http://127.0.0.1:${whip}/whip`);
  await until('the publisher is connected', () => publisher.evaluate(() => window.publisher.state === 'connected'));
  const viewer = await openPage();
  await play(viewer, `http://127.0.0.1:${whep}/whep`);

  const second = await launch(`streamsrc uri=whep+http://127.0.0.1:${whep}/whep ! viewerfanout listen=http://127.0.0.1:${relay}/whep`);
  const far = await openPage();
  await play(far, `http://127.0.0.1:${relay}/whep`);
  assert.equal(await far.evaluate(() => document.querySelector('video').videoWidth > 0), true);
  for (const page of [publisher, viewer, far]) await page.close();
  await second.stop('SIGINT');
  await sfu.stop('SIGINT');
});
