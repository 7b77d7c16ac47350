// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// WHIP and WHEP clients that know nothing of us, unchanged, against a running `rostrum serve`: what they publish is seen and heard.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { browserBundle } from '../lib/browser_bundle.js';
import { launchChromium } from '../lib/chromium.js';
import { until } from '../lib/deadline.js';
import { framesAdvance } from '../lib/frames.js';
import { Program, run } from '../lib/process.js';
import { redirectingProxy } from '../lib/redirecting_proxy.js';
import { kBuild, Rostrum } from '../lib/rostrum.js';
import { blankOrigin, connection, publish, restartIce, soundHeard, watch } from '../lib/whip_whep_page.js';

const require = createRequire(import.meta.url);
const kEyevinn = "export { WHIPClient } from '@eyevinn/whip-web-client'; export { WebRTCPlayer } from '@eyevinn/webrtc-player';";
const kTestHost = path.join(kBuild, 'tools/rostrum/testhost/rostrum-testhost');
const kWhipClient = '/usr/bin/whip-client'; // Debian's simple-whip-client
const kSound = 'audiotestsrc is-live=true ! opusenc ! rtpopuspay pt=100 ! application/x-rtp,media=audio,encoding-name=OPUS,payload=100';
const kPicture =
  'videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! vp8enc deadline=1 keyframe-max-dist=60 ! ' +
  'rtpvp8pay pt=96 ! application/x-rtp,media=video,encoding-name=VP8,payload=96';

/** libnice takes no candidate of the loopback interface while there is another. */
const kAddress = Object.values(os.networkInterfaces())
  .flat()
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

let bundle, browser, origin, rostrum;

before(async () => {
  bundle = browserBundle(kEyevinn);
  origin = await blankOrigin({
    '/eyevinn.js': bundle.file,
    '/whip.js': require.resolve('whip-whep/whip.js'),
    '/whep.js': require.resolve('whip-whep/whep.js'),
  });
  browser = await launchChromium();
  // With one candidate: the author's WHIP client puts commas between those that it gets at a restart.
  rostrum = await Rostrum.start({ env: { ROSTRUM_ICE_TCP: 'false' } });
});

after(async () => {
  await browser?.close();
  await rostrum?.stop();
  origin?.close();
  bundle?.remove();
});

/** A page whose requests by fetch() are in `window.asked`. */
async function newPage() {
  const page = await browser.newPage();
  await page.goto(origin.url);
  await page.evaluate(() => {
    window.asked = [];
    const { fetch } = window;
    window.fetch = async (url, init = {}) => {
      const response = await fetch(url, init);
      window.asked.push({ method: init.method ?? 'GET', ifMatch: init.headers?.['If-Match'], status: response.status });
      return response;
    };
  });
  return page;
}

const asked = (page, method) => page.evaluate((wanted) => window.asked.filter((one) => one.method === wanted), method);

/** A room with somebody who follows its events. */
async function watchedRoom(server = rostrum) {
  const room = await server.room();
  const events = await server.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const tokens = { host: server.hostToken(room), viewer: server.viewerToken(room) };
  return { room, events, tokens, whip: `${server.url}/whip/${room}?participantId=ann`, whep: `${server.url}/whep/${room}` };
}

const annIsOnAir = ({ events }) =>
  events.next('stream-enabled', ({ participantId, kind }) => participantId === 'ann' && kind === 'video', { timeoutMs: 20_000 });
const annLeft = ({ events }) => events.next('participant-left', ({ participantId }) => participantId === 'ann');

/** Plays the program, with nothing but fetch(), until it has been seen and heard. @returns {Promise<import('playwright-core').Page>} */
async function seenAndHeard({ whep, tokens }) {
  const page = await newPage();
  const { status, answer } = await watch(page, whep, { token: tokens.viewer });
  assert.equal(status, 201, answer);
  await connection(page, 'connected');
  await framesAdvance(page, 30);
  await soundHeard(page);
  return page;
}

test('Chromium publishes and plays, and restarts ICE', { timeout: 60_000 }, async () => {
  const place = await watchedRoom();
  const host = await newPage();
  const published = await publish(host, place.whip, { token: place.tokens.host });
  assert.equal(published.status, 201, published.answer);
  await connection(host, 'connected');
  const viewer = await seenAndHeard(place);
  const restarted = await restartIce(viewer);
  assert.equal(restarted.status, 200);
  assert.notEqual(restarted.etag, restarted.etagBefore);
  assert.deepEqual([restarted.late, restarted.trickled], [412, 204]);
  await framesAdvance(viewer, 30);
  for (const page of [host, viewer]) await page.close();
});

const kCannot = (!fs.existsSync(kWhipClient) && 'simple-whip-client is not installed') || (!kAddress && 'no IPv4 address but loopback');
test("Debian's simple-whip-client publishes, trickles and leaves", { timeout: 60_000, skip: kCannot }, async () => {
  const server = await Rostrum.start({ args: ['--public-address', kAddress] });
  const place = await watchedRoom(server);
  const client = new Program(kWhipClient, ['-u', place.whip, '-t', place.tokens.host, '-A', kSound, '-V', kPicture, '-o', '-l', '7'], {
    env: { GST_REGISTRY: path.join(kBuild, 'gst-registry.bin'), LD_LIBRARY_PATH: path.join(kBuild, 'tests/interop') }, // no_upnp.cpp
  });
  try {
    await annIsOnAir(place);
    const viewer = await seenAndHeard(place);
    await viewer.close();
    await client.stop('SIGINT');
    await annLeft(place);
    const said = client.stderr + client.lines.join('\n');
    assert.match(said, /Sending candidates: end-of-candidates/);
    assert.doesNotMatch(said, /\[(ERR|WARN)\]/);
  } finally {
    await client.stop('SIGINT');
    await server.stop();
  }
});

test("GStreamer's webrtcbin plays, trickles and leaves", { timeout: 60_000 }, async () => {
  const place = await watchedRoom();
  const host = await newPage();
  assert.equal((await publish(host, place.whip, { token: place.tokens.host })).status, 201);
  await annIsOnAir(place);
  const { code, stdout, stderr } = await run(path.join(kBuild, 'tests/interop/webrtcbin_whep'), [place.whep], {
    env: { ROSTRUM_TOKEN: place.tokens.viewer, GST_REGISTRY: path.join(kBuild, 'gst-registry.bin') },
  });
  assert.deepEqual([code, stdout.trim()], [0, 'trickled 204 left 200'], stderr);
  await host.close();
});

test("Eyevinn's web client publishes and its player plays", { timeout: 60_000 }, async () => {
  const place = await watchedRoom();
  const host = await newPage();
  await host.evaluate(
    async ({ endpoint, authkey }) => {
      const { WHIPClient } = await import('/eyevinn.js');
      window.client = new WHIPClient({ endpoint, opts: { authkey, iceServers: [] } });
      window.pc = window.client.peer;
      await window.client.ingest(await navigator.mediaDevices.getUserMedia({ video: true, audio: true }));
    },
    { endpoint: place.whip, authkey: place.tokens.host },
  );
  await connection(host, 'connected');
  await until('candidates were trickled', async () => (await asked(host, 'PATCH')).length > 0);
  assert.ok((await asked(host, 'PATCH')).every(({ status }) => status === 204), JSON.stringify(await asked(host, 'PATCH')));

  const viewer = await newPage();
  await viewer.evaluate(
    async ({ url, token }) => {
      const { WebRTCPlayer } = await import('/eyevinn.js');
      const video = Object.assign(document.createElement('video'), { autoplay: true, playsInline: true });
      document.body.append(video);
      window.player = new WebRTCPlayer({ video, type: 'whep', iceServers: [] });
      await window.player.load(new URL(url), token);
    },
    { url: place.whep, token: place.tokens.viewer },
  );
  await framesAdvance(viewer, 30);
  await viewer.evaluate(() => (window.pc = window.player.peer));
  await soundHeard(viewer);

  await viewer.evaluate(() => window.player.unload());
  await until('the player left', async () => (await asked(viewer, 'DELETE')).some(({ status }) => status === 200));
  await host.evaluate(() => window.client.destroy());
  await annLeft(place);
  for (const page of [host, viewer]) await page.close();
});

test("the draft's author's clients publish and play", { timeout: 60_000 }, async () => {
  const place = await watchedRoom();
  const host = await newPage();
  await host.evaluate(
    async ({ url, token }) => {
      const { WHIPClient } = await import('/whip.js');
      const pc = (window.pc = new RTCPeerConnection());
      const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
      for (const track of stream.getTracks()) pc.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
      window.client = new WHIPClient();
      await window.client.publish(pc, url, token);
    },
    { url: place.whip, token: place.tokens.host },
  );
  await connection(host, 'connected');
  const restarted = () => asked(host, 'PATCH').then((all) => all.some(({ ifMatch, status }) => ifMatch === '*' && status === 200));
  await host.evaluate(() => window.client.restart());
  await until('ICE was restarted', restarted);
  const viewer = await newPage();
  await viewer.evaluate(
    async ({ url, token }) => {
      const { WHEPClient } = await import('/whep.js');
      const pc = (window.pc = new RTCPeerConnection());
      const video = Object.assign(document.createElement('video'), { autoplay: true, playsInline: true });
      document.body.append(video);
      const stream = (video.srcObject = new MediaStream());
      pc.ontrack = ({ track }) => stream.addTrack(track);
      for (const kind of ['audio', 'video']) pc.addTransceiver(kind, { direction: 'recvonly' });
      window.client = new WHEPClient();
      await window.client.view(pc, url, token);
    },
    { url: place.whep, token: place.tokens.viewer },
  );
  await framesAdvance(viewer, 30);
  await soundHeard(viewer);
  for (const page of [viewer, host]) {
    await page.evaluate(() => window.client.stop());
    const [{ status }] = await asked(page, 'DELETE');
    assert.ok([200, 404].includes(status), `${status}`); // they say goodbye by DTLS first
    await page.close();
  }
  await annLeft(place);
});

test('our own clients follow a redirect with their offer', { timeout: 60_000 }, async () => {
  for (const status of [307, 308]) {
    const place = await watchedRoom();
    const proxy = await redirectingProxy(rostrum.url, status);
    const host = new Program(kTestHost, ['--whip', `${proxy.url}/away/whip/${place.room}?participantId=ann`], {
      env: { ROSTRUM_TOKEN: place.tokens.host, GST_REGISTRY: path.join(kBuild, 'gst-registry.bin') },
    });
    const page = await browser.newPage();
    try {
      await annIsOnAir(place);
      await page.goto(`${proxy.url}/healthz`);
      await page.evaluate(
        async ({ endpoint, token }) => {
          const { Player } = await import('/assets/rostrum/peer.js');
          const video = Object.assign(document.createElement('video'), { autoplay: true, playsInline: true });
          document.body.append(video);
          window.player = new Player({ endpoint: new URL(endpoint), token });
          video.srcObject = window.player.stream;
          window.player.start();
        },
        { endpoint: `${proxy.url}/away/whep/${place.room}?participantId=vic`, token: place.tokens.viewer },
      );
      await framesAdvance(page, 30);
      assert.deepEqual(proxy.redirected, ['POST', 'POST']);
      assert.match(await page.evaluate(() => window.player.resource.pathname), /^\/v2\/whep\/sessions\//);
      await page.evaluate(() => window.player.close());
      await place.events.next('participant-left', ({ participantId }) => participantId === 'vic');
    } finally {
      await page.close();
      await host.stop();
      proxy.close();
    }
    await annLeft(place);
  }
});
