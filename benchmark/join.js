#!/usr/bin/env node
// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// join.js [joins]: time from WHEP POST to the first decoded frame in Chromium, one host in passthrough.
// ROSTRUM_BUILD_DIR names the build tree (default: build).

import { blankPage } from '../tests/lib/browser_peers.js';
import { launchChromium } from '../tests/lib/chromium.js';
import { Rostrum } from '../tests/lib/rostrum.js';
import { machine, percentile, table } from './figures.js';

const joins = Number(process.argv[2] ?? 20);

/** Runs in the page. */
async function joinOnce({ room, token, participantId }) {
  const pc = new RTCPeerConnection();
  const video = Object.assign(document.createElement('video'), { autoplay: true, muted: true, srcObject: new MediaStream() });
  document.body.append(video);
  pc.ontrack = ({ track }) => video.srcObject.addTrack(track);
  for (const kind of ['video', 'audio']) pc.addTransceiver(kind, { direction: 'recvonly' });
  await pc.setLocalDescription();
  const frame = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  let connectedAt = 0;
  pc.onconnectionstatechange = () => pc.connectionState === 'connected' && (connectedAt ||= performance.now());
  const start = performance.now();
  const response = await fetch(`/whep/${room}?participantId=${participantId}`, {
    method: 'POST',
    headers: { authorization: token, 'content-type': 'application/sdp' },
    body: pc.localDescription.sdp,
  });
  const answeredAt = performance.now();
  await pc.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  await frame;
  const frameAt = performance.now();
  await fetch(response.headers.get('location'), { method: 'DELETE', headers: { authorization: token } });
  pc.close();
  video.remove();
  return { answer: answeredAt - start, connected: connectedAt - start, frame: frameAt - start };
}

const rostrum = await Rostrum.start();
const browser = await launchChromium();
try {
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const host = await rostrum.testHost(room);
  await watcher.next('stream-enabled', ({ kind }) => kind === 'video');
  const page = await blankPage(browser, rostrum);
  const results = [];
  for (let n = 0; n <= joins; n++) {
    const result = await page.evaluate(joinOnce, { room, token: rostrum.viewerToken(room), participantId: `viewer${n}` });
    if (n > 0) results.push(result); // the first warms the browser up
  }
  console.log(`${joins} joins, one after another, 720p30 H.264 passthrough; ${machine()}\n`);
  const row = (name, key) => [
    name,
    ...[50, 95, 100].map((p) =>
      percentile(
        results.map((one) => one[key]),
        p,
      ).toFixed(0),
    ),
  ];
  table(
    ['ms from POST to', 'p50', 'p95', 'max'],
    [row('answer (201)', 'answer'), row('connected', 'connected'), row('first decoded frame', 'frame')],
  );
  await host.stop();
  await watcher.close();
} finally {
  await browser.close();
  await rostrum.stop();
}
