// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The API as a page: of the server, and as the file docs/api.html on a machine without network.

import assert from 'node:assert/strict';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { launchChromium, pageErrors } from '../lib/chromium.js';
import { kBuild, Rostrum } from '../lib/rostrum.js';

const kFile = `file://${path.join(kBuild, 'tools/rostrum/api/openapi/api.html')}`;
let rostrum;
let document;
let context;

before(async () => {
  rostrum = await Rostrum.start();
  document = await rostrum.ok('GET', '/openapi.json');
  context = await launchChromium();
});
after(async () => {
  await context?.close();
  await rostrum?.stop();
});

async function open(url, { width = 1280 } = {}) {
  const page = await context.newPage();
  await page.setViewportSize({ width, height: 800 });
  const errors = pageErrors(page);
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(url);
  return { page, errors, asked: () => asked.filter((one) => !one.startsWith('data:')) };
}

const visible = (page, selector) => page.evaluate((of) => [...document.querySelectorAll(of)].filter((one) => one.checkVisibility()).length, selector);

test('everything that is described is on the page', async () => {
  const { page, errors } = await open(`${rostrum.url}/docs`);
  const ids = new Set(await page.evaluate(() => [...document.querySelectorAll('[id]')].map((one) => one.id)));
  const wanted = Object.values(document.paths).flatMap((item) => Object.values(item).flatMap(({ operationId }) => operationId ?? []));
  wanted.push(...Object.keys(document.webhooks).map((name) => `webhook-${name}`));
  wanted.push(...Object.keys(document.components.schemas).map((name) => `schema-${name}`));
  assert.ok(wanted.length > 200);
  assert.deepEqual(
    wanted.filter((id) => !ids.has(id)),
    [],
  );
  const links = await page.evaluate(() => [...document.querySelectorAll('a[href^="#"]')].map((one) => one.getAttribute('href').slice(1)));
  assert.deepEqual(
    links.filter((id) => !ids.has(id)),
    [],
    'no link leads nowhere',
  );
  const codes = document.components.schemas.ErrorCode.anyOf.flatMap((one) => one.const ?? []);
  const text = await page.textContent('#errors');
  for (const code of codes) assert.ok(text.includes(String(code)), code);
  assert.deepEqual(errors, []);
  await page.close();
});

test('it needs no network', async () => {
  await context.setOffline(true);
  const { page, errors, asked } = await open(kFile);
  await page.evaluate(() => (document.querySelector('#createRoom details.inner').open = true));
  await page.waitForSelector('#createRoom details.inner table');
  assert.deepEqual(asked(), [kFile]);
  assert.deepEqual(errors, []);
  await context.setOffline(false);
  await page.close();
});

test('search leaves what is called like that, in the index too', async () => {
  const { page } = await open(kFile);
  const all = await visible(page, 'article');
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.keyboard.press('/');
  await page.keyboard.type('composite start');
  await page.waitForFunction(() => document.getElementById('startCompositeRecording').getBoundingClientRect().top < innerHeight);
  assert.ok((await page.locator('#startCompositeRecording').boundingBox()).y > 0, 'what is found is in sight');
  assert.ok((await visible(page, '#startCompositeRecording')) === 1 && (await visible(page, '#index a[href="#startCompositeRecording"]')) === 1);
  assert.ok((await visible(page, 'article')) < 5);
  await page.keyboard.press('Escape');
  assert.equal(await visible(page, 'article'), all);
  await page.close();
});

test('a schema inside another opens, however deep', async () => {
  const { page } = await open(`${kFile}#getRecording`);
  const file = page.locator('#getRecording details[data-schema="RecordingFile"]').first();
  await file.locator('> summary').click();
  const meta = file.locator('details[data-schema="MediaFacts"]').first();
  await meta.locator('> summary').click();
  await meta.locator('th', { hasText: 'duration' }).waitFor();
  await page.close();
});

test('it fits a phone, in light and dark', async () => {
  const { page } = await open(kFile, { width: 390 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  assert.equal(await visible(page, '#index a'), 0);
  await page.click('#menu');
  assert.ok((await visible(page, '#index a')) > 50);
  await page.click('#index a[href="#webhook-types"]');
  assert.equal(await visible(page, '#index a'), 0);
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const before = await background();
  await page.click('#theme');
  assert.notEqual(await background(), before);
  await page.close();
});
