// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What is decoded of hosts that publish layers: what is shown, as large as it is shown. The camera is 1024x576, its layers 256x144, 512x288
// and 1024x576; the canvas is 854x480.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { hostPage } from '../lib/browser_peers.js';
import { launchChromium } from '../lib/chromium.js';
import { afterMove, countingCamera, countsShown, judgeCounts } from '../lib/counting_camera.js';
import { until } from '../lib/deadline.js';
import { Rostrum } from '../lib/rostrum.js';

const kStillPictures = 12; // 400 ms: a switch that waits for a keyframe without a picture takes longer
const kFileLag = 1.5; // s; a file's time begins a little before or after it is said to have begun
const kWhole = { x: 0, y: 0, width: 1, height: 1 };

let rostrum;
let browser;

before(async () => {
  rostrum = await Rostrum.start();
  browser = await launchChromium();
  await browser.addInitScript(countingCamera, countingCamera.options);
});

after(async () => {
  await browser?.close();
  await rostrum?.stop();
});

const host = (room, participantId) => hostPage(browser, rostrum, room, { participantId, name: participantId, simulcast: true });

/** "ann:1 bob:2": whose picture is decoded in the running pipeline, and which layer. */
async function decoded(sessionId) {
  const text = await rostrum.ok('GET', `/v2/sessions/${sessionId}/graph?format=running`);
  return [...text.matchAll(/^decode:(\w+):video_(\d)\/decoder(?:~\d+)? /gm)]
    .map(([, who, layer]) => `${who}:${layer}`)
    .sort()
    .join(' ');
}

/** Waits until exactly that is decoded. @returns {Promise<number>} after how many ms */
async function decodes(sessionId, wanted, timeoutMs = 20_000) {
  const from = performance.now();
  await until(`decoded is "${wanted}"`, async () => {
    const found = await decoded(sessionId);
    if (found !== wanted) throw new Error(`"${found}"`);
    return true;
  }, timeoutMs);
  return performance.now() - from;
}

async function record(room, watcher, type) {
  await rostrum.ok('POST', '/v2/recordings/start', { roomId: room, config: { layout: { type, priority: 'SPEAKER' }, quality: 'low' } });
  const { at } = await watcher.next('recording-state-changed', ({ status }) => status === 'RECORDING_STARTED');
  return { seconds: () => (performance.now() - at) / 1000 };
}

/** @returns {Promise<string>} the file */
async function finish(room, watcher) {
  await rostrum.ok('POST', '/v2/recordings/end', { roomId: room });
  const { data } = await watcher.next('recording-state-changed', ({ status }) => status === 'RECORDING_STOPPED');
  return data.filePath.startsWith('/') ? data.filePath : `${rostrum.state}/${data.filePath}`;
}

const passed = (seconds) => {
  const end = performance.now() + seconds * 1000;
  return until(`${seconds} s pass`, () => performance.now() > end, seconds * 1000 + 2000);
};

/** As a browser does when its connection is thin. */
const sendTopLayer = (page, active) =>
  page.evaluate(async (wanted) => {
    const senders = [...window.peer.peers].flatMap((peer) => peer.pc.getSenders());
    const sender = senders.find((one) => one.track?.kind === 'video');
    const parameters = sender.getParameters();
    parameters.encodings.find(({ rid }) => rid === 'f').active = wanted;
    await sender.setParameters(parameters);
  }, active);

test('a grid: each host is decoded as large as its tile, and a switch leaves no gap', { timeout: 120_000 }, async () => {
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const { sessionId } = watcher.joined;
  const ann = await host(room, 'ann');
  const recording = await record(room, watcher, 'GRID');
  await decodes(sessionId, 'ann:2');
  const bob = await host(room, 'bob');
  const from = recording.seconds() - kFileLag;
  await decodes(sessionId, 'ann:1 bob:1');
  await passed(3);
  const halves = recording.seconds();
  await bob.evaluate(() => window.peer.leave());
  await decodes(sessionId, 'ann:2');
  await passed(1);
  const file = await finish(room, watcher);
  const tile = { x: 7 / 854, y: 84 / 480, width: 416 / 854, height: 312 / 480 };
  const counts = (await countsShown(file, tile, { from, aspect: 4 / 3 })).slice(0, Math.floor((halves - from - kFileLag) * 30));
  const found = judgeCounts(afterMove(counts));
  console.log('grid', JSON.stringify(found), process.env.TEST_VERBOSE ? counts.join(' ') : '');
  assert.deepEqual([found.placeholders, found.backwards], [0, 0]);
  assert.ok(found.pictures > 50 && found.longestStill < kStillPictures, JSON.stringify(found));
  await Promise.all([ann.close(), bob.close(), watcher.close()]);
});

test('a spotlight: only the speaker is decoded, in full', { timeout: 120_000 }, async () => {
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const { sessionId } = watcher.joined;
  const [ann, bob] = [await host(room, 'ann'), await host(room, 'bob')];
  await record(room, watcher, 'SPOTLIGHT');
  await decodes(sessionId, 'ann:2');
  await bob.evaluate(() => window.speak(true));
  await decodes(sessionId, 'bob:2');
  await bob.evaluate(() => window.speak(false));
  await ann.evaluate(() => window.speak(true));
  await decodes(sessionId, 'ann:2');
  const text = await rostrum.ok('GET', `/v2/sessions/${sessionId}/graph?format=running`);
  for (const who of ['ann', 'bob']) assert.match(text, new RegExp(`^decode:${who}:audio_0/decoder`, 'm'), 'sound is always decoded');
  await finish(room, watcher);
  await Promise.all([ann.close(), bob.close(), watcher.close()]);
});

test('a layer that dries up is left for the next one, and taken again', { timeout: 120_000 }, async () => {
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const { sessionId } = watcher.joined;
  const ann = await host(room, 'ann');
  const recording = await record(room, watcher, 'GRID');
  await decodes(sessionId, 'ann:2');
  await passed(2);
  const from = recording.seconds();
  await passed(1);
  await sendTopLayer(ann, false);
  const downMs = await decodes(sessionId, 'ann:1', 5000);
  await passed(1.5);
  const again = recording.seconds();
  await sendTopLayer(ann, true);
  const upMs = await decodes(sessionId, 'ann:2');
  await passed(2);
  const file = await finish(room, watcher);
  const all = judgeCounts(await countsShown(file, kWhole, { from }));
  const up = judgeCounts(await countsShown(file, kWhole, { from: again }));
  console.log(`down after ${Math.round(downMs)} ms, up after ${Math.round(upMs)} ms`, JSON.stringify(all), 'up', JSON.stringify(up));
  assert.deepEqual([all.placeholders, all.backwards], [0, 0], JSON.stringify(all));
  assert.ok(up.pictures > 30 && up.longestStill < kStillPictures, JSON.stringify(up));
  await Promise.all([ann.close(), watcher.close()]);
});
