// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The host's page goes away and comes back. Viewers stay where they are: last picture, slate, host.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { hostPage, soundHeard, stats, viewerPage } from '../lib/browser_peers.js';
import { launchChromium } from '../lib/chromium.js';
import { until } from '../lib/deadline.js';
import { framesAdvance } from '../lib/frames.js';
import { Rostrum } from '../lib/rostrum.js';

const kText = 'Zurück in fünf Minuten';

let rostrum;
let browser;

before(async () => {
  rostrum = await Rostrum.start({ args: ['--slate-grace', '1', '--slate-text', kText] });
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  await rostrum?.stop();
});

/** What the page's video shows: its size, the colour of a corner, and the bright share of the middle. */
const look = (page) =>
  page.evaluate(() => {
    const { videoWidth: width, videoHeight: height } = window.video;
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    context.drawImage(window.video, 0, 0);
    const { data } = context.getImageData(width / 4, height * 0.45, width / 2, height / 10);
    let bright = 0;
    for (let at = 0; at < data.length; at += 4) bright += data[at] > 200 && data[at + 1] > 200 && data[at + 2] > 200;
    return { width, height, corner: [...context.getImageData(8, 8, 1, 1).data].slice(0, 3), bright: bright / (data.length / 4) };
  });

const isBackground = ([r, g, b]) => Math.abs(r - 15) < 12 && Math.abs(g - 18) < 12 && Math.abs(b - 23) < 12;

/** Text in the middle of the background: some of it bright, most of it not. */
const isSlate = (picture) => picture.width === 1280 && isBackground(picture.corner) && picture.bright > 0.02 && picture.bright < 0.4;

for (const simulcast of [false, true]) {
  test(`a viewer waits for the host${simulcast ? ' of several layers' : ''}`, async () => {
    const room = await rostrum.room();
    const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
    const host = await hostPage(browser, rostrum, room, { participantId: 'ann', simulcast });
    const viewer = await viewerPage(browser, rostrum, room);
    await framesAdvance(viewer, 30);
    assert.ok(!isSlate(await look(viewer)));
    await viewer.evaluate(() => {
      window.firstPc = [...window.peer.peers][0].pc;
      window.negotiations = 0;
      window.firstPc.onsignalingstatechange = () => window.negotiations++;
    });

    await host.close();
    await watcher.next('program-changed', ({ mode }) => mode === 'empty');
    await watcher.next('program-changed', ({ mode }) => mode === 'slate');
    await until('the slate', async () => isSlate(await look(viewer)), 10_000);
    await framesAdvance(viewer, 60); // it is no frozen picture
    assert.ok(isSlate(await look(viewer)));

    const from = watcher.messages.length;
    const back = await hostPage(browser, rostrum, room, { participantId: 'ann', simulcast });
    await watcher.next('program-changed', ({ mode }) => mode === 'passthrough', { from });
    await until('the host', async () => !isBackground((await look(viewer)).corner), 10_000);
    await framesAdvance(viewer, 60);
    await soundHeard(viewer);
    const same = () => [...window.peer.peers].length === 1 && [...window.peer.peers][0].pc === window.firstPc;
    assert.ok(await viewer.evaluate(same), 'the same connection');
    assert.equal(await viewer.evaluate(() => window.negotiations), 0);
    assert.equal(await viewer.evaluate(() => window.firstPc.connectionState), 'connected');
    assert.equal((await stats(viewer)).video.packetsLost, 0);
    await back.close();
    await viewer.close();
  });
}
