// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test, { afterEach } from 'node:test';

import { HostileRtmp } from '../../lib/hostile_rtmp.js';
import { NginxRtmp } from '../../lib/nginx_rtmp.js';
import { Driver } from '../driver/driver.js';
import { launch } from '../driver/launch.js';
import { live, recorded } from './pipelines.js';

const kKey = 'tOpSecretKey77';

let driver;
afterEach(() => driver?.kill());

test('bad URLs are refused before anything starts, in clear words', async () => {
  driver = new Driver(live());
  await driver.message('playing', (m) => m.message === 'playing');
  for (const [url, key, text] of [
    ['http://127.0.0.1/live', kKey, /starts with rtmp/],
    ['rtmp://127.0.0.1', kKey, /no application/],
    ['rtmp://127.0.0.1/live/', '', /no stream key/],
  ]) {
    const answer = await driver.add('bad', url, key);
    assert.equal(answer.added, false);
    assert.match(answer.error, /^400: /);
    assert.match(answer.error, text);
  }
  assert.ok((await driver.add('twin', 'rtmp://127.0.0.1:9/live', kKey)).added);
  assert.match((await driver.add('twin', 'rtmp://127.0.0.1:9/live', kKey)).error, /^409: /);

  const { code, stderr } = await launch(`fakesrc ! fakesink rtmpegress location=rtsp://127.0.0.1/${kKey}`);
  assert.notEqual(code, 0);
  assert.match(stderr, /starts with rtmp/);
  assert.ok(!stderr.includes(kKey), stderr);
});

test('a permanent refusal fails fast, with the reason of the server and without the key', async () => {
  const description = `stream ${kKey} is banned`;
  const refuser = await HostileRtmp.start({
    misdeed: { at: 'connect', what: 'refuse', code: 'NetConnection.Connect.Rejected', description },
  });
  driver = new Driver(live());
  await driver.add('one', refuser.url, kKey);
  const { error } = await driver.state('one', 'failed');
  assert.match(error, /NetConnection.Connect.Rejected.*stream \*\*\* is banned/);
  assert.equal(refuser.connections, 1);
  driver.command('remove', 'one');
  await driver.message('removed', (m) => m.message === 'destination-removed');
  await driver.finish();
  await refuser.stop();
});

test('a name in use is tried again and taken over when it is free', async () => {
  const nginx = await NginxRtmp.start();
  try {
    driver = new Driver(live());
    await driver.add('first', nginx.url, kKey);
    await recorded(nginx, kKey, 0.5);
    await driver.add('second', nginx.url, kKey);
    await driver.state('second', 'retrying');
    const from = driver.lines.length;
    driver.command('remove', 'first');
    await driver.state('second', 'live', { from });
    await driver.finish();
  } finally {
    await nginx.stop();
  }
});

test('stream keys are in no output: log at its highest level, messages, statistics, errors', async () => {
  const nginx = await NginxRtmp.start();
  const misdeed = { at: 'publish', what: 'refuse', code: 'NetStream.Publish.Denied', description: `no ${kKey}` };
  const refuser = await HostileRtmp.start({ misdeed });
  try {
    driver = new Driver(live({ properties: `location=rtmp://user:${kKey}pw@127.0.0.1:9/live/${kKey}a?x=${kKey}b` }), {
      env: { GST_DEBUG: 'rtmpegress:9,GST_MESSAGE:5', GST_DEBUG_NO_COLOR: '1' },
    });
    await driver.add('live', nginx.url, `${kKey}c`);
    await driver.add('refused', refuser.url, kKey);
    await driver.add('invalid', `rtmp://127.0.0.1:x/${kKey}`, kKey);
    await driver.state('location', 'retrying');
    await driver.state('refused', 'failed');
    await recorded(nginx, `${kKey}c`, 0.5);
    await driver.ask('stats', 'rtmpegress-stats');
    driver.command('remove', 'live');
    await driver.message('removed', (m) => m.message === 'destination-removed');
    await driver.finish();
    assert.match(driver.stderr, /rtmpegress .*rtmp:\/\/127\.0\.0\.1/, 'it did log');
    const told = driver.lines.join('\n') + driver.stderr;
    assert.ok(
      !told.includes(kKey),
      told.split('\n').find((line) => line.includes(kKey)),
    );
  } finally {
    await refuser.stop();
    await nginx.stop();
  }
});
