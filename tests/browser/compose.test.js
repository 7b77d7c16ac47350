// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { hostPage, soundHeard, stats, viewerPage } from '../lib/browser_peers.js';
import { launchChromium } from '../lib/chromium.js';
import { until } from '../lib/deadline.js';
import { framesAdvance, framesShown } from '../lib/frames.js';
import { Rostrum } from '../lib/rostrum.js';

const kLongestGapMs = 2000; // a switch waits for the next keyframe; longer would be seen as a stall

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

/** Notes the longest pause between two shown frames from now on. */
const watchGaps = (page) =>
  page.evaluate(() => {
    window.longestGap = 0;
    let last = performance.now();
    const look = () =>
      window.video.requestVideoFrameCallback(() => {
        const now = performance.now();
        window.longestGap = Math.max(window.longestGap, now - last);
        last = now;
        look();
      });
    look();
  });

test('a second host joins and leaves: composed and back inside the same viewer connection', async () => {
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const ann = await hostPage(browser, rostrum, room, { participantId: 'ann' });
  const viewer = await viewerPage(browser, rostrum, room);
  await framesAdvance(viewer, 30);
  await viewer.evaluate(() => {
    window.firstPc = [...window.peer.peers][0].pc;
    window.negotiations = 0;
    window.firstPc.onnegotiationneeded = () => window.negotiations++;
    window.firstPc.onsignalingstatechange = () => window.negotiations++;
  });
  await watchGaps(viewer);

  const bob = await rostrum.testHost(room, { participantId: 'bob', name: 'Bob' });
  await watcher.next('program-changed', ({ mode }) => mode === 'composed');
  await until('the composed picture', async () => (await stats(viewer)).video.frameWidth === 1280);
  await framesAdvance(viewer, 90);
  const elements = await rostrum.runningElements(watcher.joined.sessionId);
  assert.ok(elements.includes('livecompositor'), elements.join(' '));
  assert.equal(elements.filter((factory) => /^(x264enc|openh264enc|vp8enc)$/.test(factory)).length, 1, 'one encode');
  const composed = await stats(viewer);
  assert.equal(composed.codec, 'video/H264');
  assert.deepEqual([composed.video.frameWidth, composed.video.frameHeight], [1280, 720]);
  assert.ok((await soundHeard(viewer)) > 0.002);
  await showsBoth(viewer);

  const from = watcher.messages.length;
  await bob.stop();
  await watcher.next('program-changed', ({ mode }) => mode === 'passthrough', { from });
  await framesAdvance(viewer, 60);
  await until(
    'the composed branch is gone',
    async () => !(await rostrum.runningElements(watcher.joined.sessionId)).includes('livecompositor'),
  );

  const same = await viewer.evaluate(() => ({
    same: [...window.peer.peers][0].pc === window.firstPc,
    state: window.firstPc.connectionState,
    negotiations: window.negotiations,
    gap: window.longestGap,
  }));
  assert.deepEqual({ ...same, gap: 0 }, { same: true, state: 'connected', negotiations: 0, gap: 0 });
  assert.ok(same.gap < kLongestGapMs, `longest pause ${Math.round(same.gap)} ms`);
  assert.ok((await framesShown(viewer)) > 150);
  await watcher.close();
  await Promise.all([ann.close(), viewer.close()]);
});

/** The left half and the right half of the picture come from different hosts: green fake camera, colour bars. */
async function showsBoth(page) {
  await until('both hosts in the picture', () =>
    page.evaluate(() => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 36 });
      const context = canvas.getContext('2d');
      context.drawImage(window.video, 0, 0, 64, 36);
      const { data } = context.getImageData(0, 0, 64, 36);
      const green = (x, y) => {
        const i = 4 * (64 * y + x);
        return data[i + 1] > data[i] + 30 && data[i + 1] > data[i + 2] + 30;
      };
      const share = (from, to) => {
        let n = 0;
        for (let y = 10; y < 26; y++) for (let x = from; x < to; x++) n += green(x, y);
        return n / (16 * (to - from));
      };
      const [left, right] = [share(2, 30), share(34, 62)];
      return Math.abs(left - right) > 0.4;
    }),
  );
}

for (const [hostCodec, only] of [
  ['H264', 'VP8'],
  ['VP8', 'H264'],
]) {
  test(`a viewer without ${hostCodec} gets a program in ${only}, and the others what the host sends`, async () => {
    const room = await rostrum.room();
    const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
    const ann = await hostPage(browser, rostrum, room, { participantId: 'ann', vp8Only: hostCodec === 'VP8' });
    const viewer = await viewerPage(browser, rostrum, room);
    const elements = () => rostrum.runningElements(watcher.joined.sessionId);
    await framesAdvance(viewer, 30);
    assert.equal((await stats(viewer)).codec, `video/${hostCodec}`);
    assert.ok(!(await elements()).includes('livecompositor'));

    const other = await viewerPage(browser, rostrum, room, { participantId: 'other', videoCodec: only });
    await framesAdvance(other, 90);
    assert.equal((await stats(other)).codec, `video/${only}`);
    await soundHeard(other);
    await framesAdvance(viewer, 60);
    assert.equal((await stats(viewer)).codec, `video/${hostCodec}`);
    const encoders = (await elements()).filter((factory) => /^(x264enc|vp8enc)$/.test(factory));
    assert.deepEqual(encoders, [only === 'VP8' ? 'vp8enc' : 'x264enc']);

    await other.evaluate(() => window.peer.leave());
    await until('nothing is encoded', async () => !(await elements()).some((factory) => /^(x264enc|vp8enc|livecompositor)$/.test(factory)));
    await framesAdvance(viewer, 30);
    await watcher.close();
    await Promise.all([ann.close(), viewer.close(), other.close()]);
  });
}

test('hosts see each other by their own feeds', async () => {
  const room = await rostrum.room();
  const bob = await rostrum.testHost(room, { participantId: 'bob', name: 'Bob' });
  const ann = await hostPage(browser, rostrum, room, { participantId: 'ann' });
  const size = await ann.evaluate(async () => {
    const video = Object.assign(document.createElement('video'), {
      autoplay: true,
      muted: true,
      srcObject: window.peer.play('bob').stream,
    });
    document.body.append(video);
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    return [video.videoWidth, video.videoHeight];
  });
  assert.deepEqual(size, [1280, 720]);
  await bob.stop();
  await ann.close();
});
