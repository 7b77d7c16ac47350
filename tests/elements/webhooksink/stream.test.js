// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test, { afterEach, beforeEach } from 'node:test';

import { launch } from '../driver/launch.js';
import { JsonDriver } from './json_driver.js';
import { Receiver } from './receiver.js';

let receiver;
let driver;

beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(async () => {
  await driver?.kill();
  await receiver.down();
});

const events = () => receiver.accepted.map((request) => JSON.parse(request.text));
const types = () => events().map((event) => event.webhookType);

test('gst-launch-1.0: on a media branch it tells when the stream starts and ends', async () => {
  const line = `videotestsrc num-buffers=20 ! video/x-raw,width=64,height=64,framerate=30/1 ! webhooksink name=hook location=${receiver.url}`;
  const { code, stderr } = await launch(line);
  assert.equal(code, 0, stderr);
  assert.deepEqual(types(), ['stream-started', 'stream-ended']);
  const [started, ended] = events();
  assert.equal(started.data.element, 'hook');
  assert.match(started.data.caps, /^video\/x-raw.*width=\(int\)64/);
  assert.deepEqual([ended.data.reason, ended.data.buffers], ['eos', 20]);
});

test('changed caps are told, by the size of the new picture', async () => {
  const line = `concat name=c ! webhooksink location=${receiver.url}
    videotestsrc num-buffers=5 ! video/x-raw,width=64,height=64 ! c.
    videotestsrc num-buffers=5 ! video/x-raw,width=32,height=32 ! c.`;
  const { code, stderr } = await launch(line);
  assert.equal(code, 0, stderr);
  assert.deepEqual(types(), ['stream-started', 'stream-caps-changed', 'stream-ended']);
  assert.match(events()[1].data.caps, /width=\(int\)32/);
});

test('silence is told as a stall, and its end', async () => {
  driver = new JsonDriver(receiver.url, { 'stall-timeout': 300 }, { caps: 'application/x-anything' });
  driver.push('first');
  await receiver.accept(2);
  assert.deepEqual(types(), ['stream-started', 'stream-stalled']);
  assert.ok(events()[1].data.silentMs >= 300);
  driver.push('second');
  await receiver.accept(3);
  assert.equal(types()[2], 'stream-resumed');
  await driver.finish();
  assert.deepEqual(types().slice(3), ['stream-ended']);
});
