// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { hostPage, mediaState, soundHeard, stats, viewerPage } from '../lib/browser_peers.js';
import { launchChromium } from '../lib/chromium.js';
import { until, within } from '../lib/deadline.js';
import { framesAdvance, framesShown } from '../lib/frames.js';
import { Rostrum } from '../lib/rostrum.js';

const kCodecElement = /(enc|dec|decodebin|videoconvert|compositor)/; // factories that would mean the picture was touched
let rostrum;
let browser;

before(async () => {
  rostrum = await Rostrum.start();
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  await rostrum?.stop();
});

test('one host, one viewer: passthrough, encrypted with AES-GCM, sound and picture arrive', async () => {
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const host = await hostPage(browser, rostrum, room, { participantId: 'ann' });
  const viewer = await viewerPage(browser, rostrum, room, { participantId: 'vic' });
  await framesAdvance(viewer, 60);
  assert.ok((await soundHeard(viewer)) > 0.002);

  const received = await stats(viewer);
  assert.equal(received.codec, 'video/H264', 'constrained baseline is preferred, and passed through');
  assert.match(received.srtpCipher, /GCM/);
  assert.equal(received.dtlsState, 'connected');
  assert.equal(received.video.packetsLost, 0);
  assert.ok(received.video.framesDecoded >= 60);
  assert.match((await stats(host)).srtpCipher, /GCM/);

  assert.equal((await watcher.next('program-changed', ({ mode }) => mode === 'passthrough')).data.mode, 'passthrough');
  const running = await rostrum.runningElements(watcher.joined.sessionId);
  assert.ok(running.includes('streamsrc') && running.includes('viewerfanout'), running.join(' '));
  assert.deepEqual(
    running.filter((factory) => kCodecElement.test(factory)),
    [],
    'no encoder and no decoder in the pipeline',
  );
  const plan = await rostrum.ok('GET', `/v2/sessions/${watcher.joined.sessionId}/graph?format=text`);
  assert.doesNotMatch(plan, /x264enc|avdec|decodebin|livecompositor/);

  // DELETE on the resource leaves; the others are told.
  await viewer.evaluate(() => window.peer.leave());
  await watcher.next('participant-left', ({ participantId }) => participantId === 'vic');
  await framesAdvanceOf(host);
  await host.evaluate(() => window.peer.leave());
  await watcher.next('participant-left', ({ participantId }) => participantId === 'ann');
  await watcher.close();
  await Promise.all([host.close(), viewer.close()]);
});

/** The host still sends: others leaving costs it nothing. */
async function framesAdvanceOf(host) {
  const sent = async () => (await stats(host)).sent.framesSent;
  const start = await sent();
  await until('the host goes on sending', async () => (await sent()) > start + 10);
}

test('a viewer who comes first gets the picture when the host arrives, also in VP8', async () => {
  const room = await rostrum.room();
  const viewer = await viewerPage(browser, rostrum, room);
  await mediaState(viewer, 'connected');
  assert.equal(await framesShown(viewer), 0);
  const host = await hostPage(browser, rostrum, room, { vp8Only: true });
  await framesAdvance(viewer, 30);
  assert.equal((await stats(viewer)).codec, 'video/VP8');
  await Promise.all([host.close(), viewer.close()]);
});

test('closing the tab of a host is noticed at once', async () => {
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const host = await hostPage(browser, rostrum, room, { participantId: 'ann' });
  await watcher.next('stream-enabled', ({ participantId, kind }) => participantId === 'ann' && kind === 'video');
  await host.close();
  const closedAt = performance.now();
  const left = await watcher.next('participant-left', ({ participantId }) => participantId === 'ann');
  assert.ok(left.at - closedAt < 1500, `noticed after ${Math.round(left.at - closedAt)} ms`);
  await watcher.close();
});

test('WHEP by hand: 201 with ETag and Location, trickle PATCH 204, DELETE 200, then 404', async () => {
  const room = await rostrum.room();
  const token = rostrum.viewerToken(room);
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const page = await browser.newPage();
  await page.goto(new URL('/healthz', rostrum.url).href);
  const result = await page.evaluate(
    async ({ room, token }) => {
      const pc = new RTCPeerConnection();
      for (const kind of ['video', 'audio']) pc.addTransceiver(kind, { direction: 'recvonly' });
      const candidates = [];
      pc.onicecandidate = ({ candidate }) => candidate && candidates.push(candidate);
      await pc.setLocalDescription();
      const headers = { authorization: token };
      const posted = await fetch(`/whep/${room}?participantId=hand`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/sdp' },
        body: pc.localDescription.sdp,
      });
      const location = posted.headers.get('location');
      const etag = posted.headers.get('etag');
      await pc.setRemoteDescription({ type: 'answer', sdp: await posted.text() });
      await new Promise((resolve) => (pc.onconnectionstatechange = () => pc.connectionState === 'connected' && resolve()));
      const sdp = pc.localDescription.sdp;
      const line = (name) => sdp.match(new RegExp(`a=${name}:.*`))[0];
      const fragment = [
        line('ice-ufrag'),
        line('ice-pwd'),
        'm=video 9 UDP/TLS/RTP/SAVPF 0',
        'a=mid:0',
        `a=${candidates[0].candidate}`,
        'a=end-of-candidates',
        '',
      ].join('\r\n');
      const patch = (body, type) =>
        fetch(location, { method: 'PATCH', headers: { ...headers, 'content-type': type, 'if-match': etag }, body });
      const patched = await patch(fragment, 'application/trickle-ice-sdpfrag');
      const wrongType = await patch(fragment, 'text/plain');
      const deleted = await fetch(location, { method: 'DELETE', headers });
      const closed = new Promise(
        (resolve) => (pc.getReceivers()[0].transport.onstatechange = () => resolve(pc.getReceivers()[0].transport.state)),
      );
      const transport = pc.getReceivers()[0].transport.state === 'connected' ? await closed : pc.getReceivers()[0].transport.state;
      const again = await fetch(location, { method: 'DELETE', headers });
      pc.close();
      return {
        posted: posted.status,
        type: posted.headers.get('content-type'),
        location,
        etag,
        patched: patched.status,
        wrongType: wrongType.status,
        deleted: deleted.status,
        transport,
        again: again.status,
      };
    },
    { room, token },
  );
  assert.equal(result.posted, 201);
  assert.match(result.type, /^application\/sdp/);
  assert.match(result.location, /^\/v2\/whep\/sessions\/.+/);
  assert.ok(result.etag);
  assert.equal(result.patched, 204);
  assert.equal(result.wrongType, 415);
  assert.equal(result.deleted, 200);
  assert.equal(result.transport, 'closed', 'the server says goodbye by DTLS');
  assert.equal(result.again, 404);
  await watcher.next('participant-left', ({ participantId }) => participantId === 'hand');
  await page.close();
  await watcher.close();
});

test('a viewer token cannot publish, a wrong room is 404', async () => {
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const post = (path, token) =>
    fetch(new URL(path, rostrum.url), {
      method: 'POST',
      headers: { authorization: token, 'content-type': 'application/sdp' },
      body: 'v=0\r\n',
    });
  assert.equal((await post(`/whip/${room}`, rostrum.viewerToken(room))).status, 403);
  assert.equal((await post('/whip/none-such-room', rostrum.token())).status, 404);
  assert.equal((await post(`/whip/${room}`, rostrum.hostToken(room))).status, 400);
  assert.equal((await post(`/whip/${room}`, 'rubbish')).status, 401);
  await watcher.close();
});

test('the session ends by itself when everybody left', async () => {
  const room = await rostrum.room();
  const only = await rostrum.events(room, { participantId: 'only' });
  const pid = await rostrum.sessionPid(only.joined.sessionId);
  await only.close();
  await within(
    'the session process ends',
    until('gone', () => !rostrum.sessions().includes(pid), 20000),
    21000,
  );
});
