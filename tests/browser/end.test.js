// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { hostPage, viewerPage } from '../lib/browser_peers.js';
import { launchChromium } from '../lib/chromium.js';
import { until } from '../lib/deadline.js';
import { framesAdvance } from '../lib/frames.js';
import { decodeErrors, probe } from '../lib/media_file.js';
import { NginxRtmp } from '../lib/nginx_rtmp.js';
import { holdings, udpPorts } from '../lib/process.js';
import { Rostrum } from '../lib/rostrum.js';

const kRounds = Number(process.env.ROUNDS ?? 20);
const kWarmUpRounds = 2; // libraries, caches and thread pools grow in the first rounds only
const kSteadyMs = 1000;
const kFdSlack = 2; // an HTTP keep-alive connection of the test itself may or may not be open
let rostrum;
let nginx;

before(async () => {
  rostrum = await Rostrum.start();
  nginx = await NginxRtmp.start();
});

after(async () => {
  await nginx?.stop();
  await rostrum?.stop();
});

const status = (wanted) => (data) => data.status === wanted;

async function startOutputs(room, watcher, name) {
  await rostrum.ok('POST', '/v2/livestreams/start', { roomId: room, outputs: [{ url: nginx.url, streamKey: name }] });
  await rostrum.ok('POST', '/v2/recordings/start', { roomId: room });
  await watcher.next('livestream-state-changed', status('LIVESTREAM_STARTED'));
  await watcher.next('recording-state-changed', status('RECORDING_STARTED'));
  await nginx.noted('publish', name);
}

/** What must have happened when `session-ended` was said. */
async function checkEnded(watcher, name, pid) {
  const ended = await watcher.next('session-ended');
  assert.equal(ended.data.code, 1009);
  assert.equal(ended.data.reason, 'ended');
  await watcher.next('meeting-left');
  const stopped = await watcher.next('recording-state-changed', status('RECORDING_STOPPED'));
  await watcher.next('livestream-state-changed', status('LIVESTREAM_STOPPED'));
  await nginx.noted('done', name);
  await until('the session process exits', () => !rostrum.sessions().includes(pid));
  return stopped.data.filePath;
}

test('end closes every viewer within a second, with the reason, and finishes the outputs', { timeout: 90000 }, async () => {
  const browser = await launchChromium();
  try {
    const room = await rostrum.room();
    const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
    const host = await hostPage(browser, rostrum, room, { participantId: 'ann' });
    const viewers = [
      await viewerPage(browser, rostrum, room, { participantId: 'v1' }),
      await viewerPage(browser, rostrum, room, { participantId: 'v2' }),
    ];
    for (const viewer of viewers) await framesAdvance(viewer, 10);
    await startOutputs(room, watcher, 'end');
    for (const viewer of viewers) await viewer.evaluate(noteClose);
    const pid = await rostrum.sessionPid(watcher.joined.sessionId);

    const endedAt = Date.now();
    await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
    for (const viewer of viewers) {
      const { ended, mediaClosedAt } = await until('the viewer is told and closed', () =>
        viewer.evaluate(() => window.ended && window.mediaClosedAt && { ended: window.ended, mediaClosedAt: window.mediaClosedAt }),
      );
      assert.deepEqual([ended.reason, ended.code], ['ended', 1009]);
      assert.ok(ended.at - endedAt < 1000, `told after ${ended.at - endedAt} ms`);
      assert.ok(mediaClosedAt - endedAt < 1000, `closed after ${mediaClosedAt - endedAt} ms`);
    }
    const file = await checkEnded(watcher, 'end', pid);
    assert.equal(await decodeErrors(file), '');
    assert.ok(Number((await probe(file)).format.duration) > 0);
    assert.equal(await decodeErrors(nginx.recorded('end')), '');
    await Promise.all([host, ...viewers].map((page) => page.close()));
  } finally {
    await browser.close();
  }
});

/** Notes when the server's DTLS goodbye arrives, before the library closes its own side. */
function noteClose() {
  const [peer] = window.peer.peers;
  const { transport } = peer.pc.getReceivers()[0];
  transport.addEventListener('statechange', () => (window.mediaClosedAt ??= Date.now()));
  const original = peer.pc.close.bind(peer.pc);
  peer.pc.close = () => {
    window.mediaClosedAt ??= Date.now();
    original();
  };
}

test(`${kRounds} sessions in one server leave nothing behind`, { timeout: 60000 + kRounds * 20000 }, async () => {
  const room = await rostrum.room();
  let baseline;
  for (let round = 0; round < kRounds + kWarmUpRounds; round++) {
    if (round === kWarmUpRounds) baseline = await settled();
    await oneRound(room, `round${round}`);
  }
  const final = await settled();
  const noMoreThreads = () => holdings(rostrum.pid).threads <= baseline.threads; // pools keep theirs for a while
  await until(`no more than the ${baseline.threads} threads of before`, noMoreThreads, 30_000);
  console.log(`after ${kWarmUpRounds} rounds: ${JSON.stringify(baseline)}; after ${kRounds} more: ${JSON.stringify(final)}`);
  assert.ok(final.fds <= baseline.fds + kFdSlack, `fds ${baseline.fds} -> ${final.fds}`);
  assert.deepEqual(rostrum.sessions(), []);
  assert.deepEqual(udpPorts([rostrum.pid]), []);
});

async function oneRound(room, name) {
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const host = await rostrum.testHost(room, { args: ['--width', '640', '--height', '360'] });
  const pid = await rostrum.sessionPid(watcher.joined.sessionId);
  await startOutputs(room, watcher, name);
  await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
  await checkEnded(watcher, name, pid);
  await host.stop().catch(() => {});
}

/** The server's holdings once they did not change for a while. */
async function settled() {
  let last = holdings(rostrum.pid);
  let since = performance.now();
  await until(
    'the holdings are steady',
    () => {
      const now = holdings(rostrum.pid);
      if (now.fds !== last.fds || now.threads !== last.threads) since = performance.now();
      last = now;
      return performance.now() - since > kSteadyMs;
    },
    60000,
  );
  return last;
}
