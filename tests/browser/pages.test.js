// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { launchChromium, pageErrors } from '../lib/chromium.js';
import { until } from '../lib/deadline.js';
import { NginxRtmp } from '../lib/nginx_rtmp.js';
import { Rostrum } from '../lib/rostrum.js';

const kSizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const kShots = process.env.SCREENSHOTS; // a directory: what a person would see is kept there
let rostrum;
let nginx;
let browser;

before(async () => {
  rostrum = await Rostrum.start();
  nginx = await NginxRtmp.start();
  browser = await launchChromium({ autoplay: false });
  if (kShots) fs.mkdirSync(kShots, { recursive: true });
});

after(async () => {
  await browser?.close();
  await nginx?.stop();
  await rostrum?.stop();
});

const shot = (page, name) => kShots && page.screenshot({ path: path.join(kShots, `${name}.png`) });
const state = (page, wanted) => page.waitForSelector(`body[data-state=${wanted}]`, { timeout: 15000 });

async function open(size, url) {
  const page = await browser.newPage();
  await page.setViewportSize(kSizes[size]);
  const errors = pageErrors(page);
  await page.goto(url);
  return { page, errors };
}

const studioUrl = (room) => `${rostrum.url}/studio/${room}?token=${rostrum.hostToken(room)}&watchToken=${rostrum.viewerToken(room)}`;
const watchUrl = (room) => `${rostrum.url}/watch/${room}?token=${rostrum.viewerToken(room)}`;

/** Nothing sticks out, and what can be pressed is large enough for a thumb. */
async function checkFits(page) {
  const { overflow, small } = await page.evaluate(() => ({
    overflow: document.documentElement.scrollWidth - innerWidth,
    small: [...document.querySelectorAll('button, select, input')]
      .filter(
        (one) => one.checkVisibility() && (one.getBoundingClientRect().height < 24 || one.getBoundingClientRect().right > innerWidth + 1),
      )
      .map((one) => one.id || one.outerHTML.slice(0, 60)),
  }));
  assert.ok(overflow <= 0, `${overflow} px wider than the screen`);
  assert.deepEqual(small, []);
}

/** Every control says what it is. */
async function checkNames(page) {
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll('button, input, select')]
      .filter((one) => one.checkVisibility() && !(one.ariaLabel || one.textContent.trim() || one.labels?.[0]?.textContent.trim()))
      .map((one) => one.outerHTML.slice(0, 80)),
  );
  assert.deepEqual(nameless, []);
}

for (const size of Object.keys(kSizes)) {
  test(`studio and watch at ${size} size: join, go live, record, end`, { timeout: 120000 }, async () => {
    const room = await rostrum.room();
    const watch = await open(size, watchUrl(room));
    await state(watch.page, 'waiting');
    await shot(watch.page, `watch-waiting-${size}`);
    const studio = await open(size, studioUrl(room));
    const { page } = studio;
    await page.waitForFunction(() => document.querySelector('#preview').videoWidth > 0);
    await checkFits(page);
    await checkNames(page);
    await shot(page, `studio-lobby-${size}`);

    await page.fill('#name', 'Ann Lee');
    await page.click('#join');
    await page.waitForSelector('body[data-screen=stage]');
    await state(watch.page, 'live');
    assert.equal(await watch.page.textContent('#host-names'), 'Ann Lee');
    await page.waitForFunction(() => document.querySelector('#viewer-count').textContent === '1');
    await checkFits(page);
    await checkFits(watch.page);
    await shot(page, `studio-stage-${size}`);

    // The browser wants a gesture before sound; the page offers it.
    await watch.page.click('#unmute');
    await watch.page.waitForFunction(() => !document.querySelector('#video').muted && !document.querySelector('#video').paused);
    await shot(watch.page, `watch-live-${size}`);

    await page.click('#go-live');
    await page.fill('[name=url]', nginx.url);
    await page.fill('[name=streamKey]', `page-${size}`);
    await checkFits(page);
    await checkNames(page);
    await shot(page, `studio-golive-${size}`);
    await page.click('#golive-start');
    await nginx.noted('publish', `page-${size}`);
    await page.waitForSelector('#outputs li[data-state=live]', { state: 'attached' });
    await page.waitForSelector('#live:not([hidden])');

    await page.click('#record');
    await page.waitForSelector('#outputs li[data-recording=RECORDING_STARTED]', { state: 'attached' });
    await page.waitForFunction(() => /^Stop 0:0[1-9]/.test(document.querySelector('#record .label').textContent));
    if (size === 'phone') await page.click('#people-toggle');
    await shot(page, `studio-live-${size}`);
    await checkFits(page);
    if (size === 'phone') await page.click('#people-toggle');
    await page.click('#record');
    await page.waitForSelector('#outputs li[data-recording=RECORDING_STOPPED]', { state: 'attached' });

    await page.click('.bar [data-toggle=audio]');
    assert.equal(await page.getAttribute('.bar [data-toggle=audio]', 'aria-pressed'), 'false');
    await page.click('.bar [data-toggle=audio]');
    await page.click('.bar [data-toggle=video]');
    await page.waitForSelector('#tiles .tile-empty:not([hidden])');
    await page.click('.bar [data-toggle=video]');

    await page.click('#copy');
    assert.equal(new URL(await page.evaluate(() => navigator.clipboard.readText())).pathname, `/watch/${room}`);

    await page.click('#end');
    await page.waitForSelector('#end-dialog[open]');
    await shot(page, `studio-end-${size}`);
    await page.click('#end-confirm');
    await page.waitForSelector('body[data-screen=over]');
    await state(watch.page, 'ended');
    assert.match(await watch.page.textContent('#cover-text'), /host has ended/);
    await nginx.noted('done', `page-${size}`);
    await shot(watch.page, `watch-ended-${size}`);
    await shot(page, `studio-over-${size}`);
    assert.deepEqual([...studio.errors, ...watch.errors], []);
    await Promise.all([page.close(), watch.page.close()]);
  });
}

test('the studio sends layers; a viewer with a good connection gets the best', { timeout: 60000 }, async () => {
  const room = await rostrum.room();
  const { page } = await open('desktop', studioUrl(room));
  await page.fill('#name', 'Ann');
  await page.click('#join');
  const watch = await open('desktop', watchUrl(room));
  await state(watch.page, 'live');
  await watch.page.waitForFunction(() => document.querySelector('#video').videoWidth === 1280, null, { timeout: 30000 });
  const [{ id }] = (await rostrum.ok('GET', `/v2/sessions?roomId=${room}`)).data;
  assert.match(await rostrum.ok('GET', `/v2/sessions/${id}/graph?format=text`), /# program_2_video shows track_/);
  await Promise.all([page.close(), watch.page.close()]);
});

/** Pixels of the program in the colour of a label with a raised hand. */
const amber = (page) =>
  page.evaluate(() => {
    const video = document.querySelector('#video');
    const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 });
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(video, 0, 0, 1280, 720);
    const { data } = context.getImageData(0, 0, 1280, 720);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) count += data[i] > 225 && Math.abs(data[i + 1] - 200) < 25 && Math.abs(data[i + 2] - 61) < 40;
    return count;
  });

test('two hosts see and hear each other in the studio', { timeout: 60000 }, async () => {
  const room = await rostrum.room();
  const { page, errors } = await open('desktop', studioUrl(room));
  await page.fill('#name', 'Ann');
  await page.click('#join');
  await page.waitForSelector('body[data-screen=stage]');
  const bob = await rostrum.testHost(room, { participantId: 'bob', name: 'Bob' });
  await page.waitForFunction(() => document.querySelector('[data-participant=bob] video')?.videoWidth === 1280);
  assert.equal(await page.textContent('.tile[data-participant=bob] .tile-name'), 'Bob');
  const watch = await open('desktop', watchUrl(room));
  await state(watch.page, 'live');
  assert.ok((await amber(watch.page)) < 300);
  await page.click('#hand');
  await page.waitForSelector('#hand[aria-pressed=true]');
  await until('the viewers see the raised hand', async () => (await amber(watch.page)) > 800, 15000);
  await shot(page, 'studio-two-hosts-desktop');
  await shot(watch.page, 'watch-raised-hand-desktop');
  await page.click('#hand');
  await until('the hand is down', async () => (await amber(watch.page)) < 300, 15000);
  await watch.page.close();
  await bob.stop();
  await page.waitForFunction(() => !document.querySelector('.tile[data-participant=bob]'));
  assert.deepEqual(errors, []);
  await page.close();
});

test('a bad link says what is wrong', async () => {
  const room = await rostrum.room();
  for (const [url, text] of [
    [`${rostrum.url}/watch/${room}`, /no token/],
    [`${rostrum.url}/watch/${room}?token=rubbish`, /not valid/],
    [`${rostrum.url}/watch/${room}?token=${rostrum.viewerToken(room, { exp: 1 })}`, /expired/],
    [`${rostrum.url}/watch/${room}?token=${rostrum.viewerToken(await rostrum.room())}`, /^This link is for another stream\.$/],
    [`${rostrum.url}/watch/${room}?token=${rostrum.viewerToken(room, { permissions: ['ask_join'] })}`, /^You cannot join \(.*allow_join/],
  ]) {
    const { page } = await open('phone', url);
    await state(page, 'ended');
    assert.match(await page.textContent('#cover-text'), text);
    await page.close();
  }
});

test('the session process dies: studio and player come back by themselves', { timeout: 60000 }, async () => {
  const room = await rostrum.room();
  const studio = await open('desktop', studioUrl(room));
  await studio.page.fill('#name', 'Ann');
  await studio.page.click('#join');
  const watch = await open('desktop', watchUrl(room));
  await state(watch.page, 'live');
  const pid = await rostrum.sessionPid();
  process.kill(pid, 'SIGKILL');
  await until('a new session process', () => rostrum.sessions().some((one) => one !== pid));
  const frames = () => watch.page.evaluate(() => document.querySelector('#video').getVideoPlaybackQuality().totalVideoFrames);
  const start = await frames();
  await until('frames advance again', async () => (await frames()) > start + 30, 20000);
  await state(watch.page, 'live');
  await Promise.all([studio.page.close(), watch.page.close()]);
});

test('pages carry a strict Content-Security-Policy', async () => {
  const room = await rostrum.room();
  for (const page of ['studio', 'watch']) {
    const response = await fetch(`${rostrum.url}/${page}/${room}`);
    assert.equal(response.status, 200);
    const policy = response.headers.get('content-security-policy') ?? '';
    assert.match(policy, /script-src 'self'/);
    assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval/);
    assert.match(response.headers.get('content-type'), /^text\/html/);
  }
  for (const [name, type] of Object.entries({ 'rostrum.js': /javascript/, 'ui.css': /text\/css/, 'favicon.svg': /svg/ })) {
    const response = await fetch(`${rostrum.url}/assets/${name}`);
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type'), type);
  }
});
