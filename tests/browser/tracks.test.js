// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Recordings of what Chromium sends: H.264 that grows in size as its path allows, and VP8 in simulcast.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { hostPage } from '../lib/browser_peers.js';
import { launchChromium } from '../lib/chromium.js';
import { until } from '../lib/deadline.js';
import { decodeErrors, probe } from '../lib/media_file.js';
import { Rostrum } from '../lib/rostrum.js';
import { WebhookReceiver } from '../lib/webhook_receiver.js';

const kRecordedMs = 6000;
const kTrack = '/v2/recordings/participant/track';
const kParticipant = '/v2/recordings/participant';
let rostrum, receiver, browser;

before(async () => {
  receiver = await WebhookReceiver.start();
  rostrum = await Rostrum.start({ args: ['--webhook-url', receiver.url] });
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  await rostrum?.stop();
  await receiver?.stop();
});

const rows = [
  { name: 'the picture of an H.264 host', path: kTrack, body: { participantId: 'ann', kind: 'video' }, codecs: ['h264'], format: 'mp4', parts: 8 },
  { name: 'the sound of an H.264 host', path: kTrack, body: { participantId: 'ann', kind: 'audio' }, codecs: ['opus'], format: 'webm', parts: 1 },
  // Whichever layer is the best one that Chromium sends at the moment.
  { name: 'the layers of a VP8 host', path: kTrack, body: { participantId: 'bob', kind: 'video' }, codecs: ['vp8'], format: 'webm', parts: 1 },
  { name: 'a VP8 host', path: kParticipant, body: { participantId: 'bob' }, more: { fileFormat: 'mp4' }, codecs: ['h264', 'aac'], format: 'mp4', parts: 1 },
];

const told = (type, id) => receiver.received.some((one) => one.type.endsWith(type) && one.data.id === id);

test('participants and tracks are recorded as Chromium sends them', { timeout: 170_000 }, async (t) => {
  const room = await rostrum.room();
  await hostPage(browser, rostrum, room, { participantId: 'ann' });
  await hostPage(browser, rostrum, room, { participantId: 'bob', name: 'Bob', vp8Only: true, simulcast: true });
  for (const row of rows)
    row.id = (await rostrum.ok('POST', `${row.path}/start`, { roomId: room, ...row.body, ...row.more })).id;
  for (const { name, id } of rows) await until(`${name} is recorded`, () => told('-started', id), 30_000);
  const from = performance.now();
  await until('some seconds are recorded', () => performance.now() - from > kRecordedMs, kRecordedMs + 1000);
  for (const { path, body, id } of rows) await rostrum.ok('POST', `${path}/stop`, { roomId: room, id, ...body });
  for (const { name, path, id, codecs, format, parts } of rows)
    await t.test(name, async () => {
      await until('its files are done', () => told('-processed', id), 120_000);
      const recording = await rostrum.ok('GET', `${path}/${id}`);
      assert.ok(recording.parts.length >= 1 && recording.parts.length <= parts, `${recording.parts.length} parts`);
      let seconds = 0;
      for (const part of recording.parts) {
        assert.ok(part.path.endsWith(`.${format}`), part.path);
        assert.equal(await decodeErrors(part.path), '');
        const found = await probe(part.path);
        assert.deepEqual([found.video?.codec_name, found.audio?.codec_name].filter(Boolean), codecs);
        seconds += Number(found.format.duration);
      }
      assert.ok(seconds > (kRecordedMs / 1000) * 0.8, `${seconds} s of ${kRecordedMs} ms`);
    });
});
