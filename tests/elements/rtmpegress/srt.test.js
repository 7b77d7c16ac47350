// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test, { afterEach } from 'node:test';

import { decodeErrors, packetTimes, probe } from '../../lib/media_file.js';
import { SrtListener } from '../../lib/srt_listener.js';
import { Driver } from '../driver/driver.js';
import { fps, height, live, width } from './pipelines.js';

let listener;
let driver;

afterEach(async () => {
  await driver?.kill();
  await listener?.stop();
});

/** What was received is what went in, from its first frame on. */
async function checkTs(file) {
  const { video, audio, format } = await probe(file);
  assert.equal(format.format_name, 'mpegts');
  assert.equal(video.codec_name, 'h264');
  assert.deepEqual([video.width, video.height], [width, height]);
  assert.equal(audio.codec_name, 'aac');
  const first = {};
  for (const kind of ['v', 'a']) {
    const times = await packetTimes(file, kind);
    assert.ok(
      times.every((time, index) => index === 0 || time > times[index - 1]),
      `${kind}: timestamps grow`,
    );
    if (kind === 'v') {
      const rate = (times.length - 1) / (times.at(-1) - times[0]);
      assert.ok(Math.abs(rate - fps) < 1, `${rate.toFixed(2)} frames per second`);
    }
    first[kind] = times[0];
  }
  assert.ok(Math.abs(first.v - first.a) < 0.1, `picture starts at ${first.v} s, sound at ${first.a} s`);
  assert.equal(await decodeErrors(file), '');
}

test('a live stream goes to a listener, with a stream id; the end is an end there', async () => {
  listener = await SrtListener.create();
  listener.launch();
  driver = new Driver(live());
  const { added, error } = await driver.add('one', `${listener.url}?latency=200`, 'my-stream');
  assert.ok(added, error);
  await driver.state('one', 'live');
  await listener.received(3);
  const [status] = (await driver.ask('stats', 'rtmpegress-stats')).destinations;
  assert.equal(status.url, listener.url);
  assert.equal(status.attempts, 1);
  assert.ok(status.bytes > 50000, `${status.bytes} bytes`);
  assert.ok(status.bitrate > 100000 && status.bitrate < 2000000, `${status.bitrate} bit/s`);
  assert.deepEqual(await driver.finish(), { code: 0, signal: null });
  assert.equal((await listener.program.ended).code, 0, listener.program.stderr);
  await checkTs(listener.file);
});

test('a listener that is not there yet, is killed and comes back is called until it answers', async () => {
  listener = await SrtListener.create();
  driver = new Driver(live());
  await driver.add('one', listener.url);
  const { error } = await driver.state('one', 'retrying');
  assert.match(error, /nobody answers/);
  listener.launch();
  await driver.state('one', 'live', { timeoutMs: 20000 });
  await listener.received(2);

  const from = driver.lines.length;
  listener.program.child.kill('SIGKILL');
  await listener.program.ended;
  const broken = await driver.state('one', 'retrying', { from, timeoutMs: 20000 });
  assert.match(broken.error, /the connection broke/);
  listener.launch();
  await driver.state('one', 'live', { from, timeoutMs: 20000 });
  await listener.received(2);
  const [status] = (await driver.ask('stats', 'rtmpegress-stats')).destinations;
  assert.equal(status.reconnects, 1);
  await driver.finish();
  await listener.program.ended;
  await checkTs(listener.file);
});

test('the passphrase encrypts; a wrong one is a refusal for good; neither it nor the stream id is shown anywhere', async () => {
  listener = await SrtListener.create('&passphrase=hunter2hunter2&pbkeylen=32');
  listener.launch();
  driver = new Driver(live(), { env: { GST_DEBUG: '*:3,rtmpegress:9' } });
  await driver.add('wrong', `${listener.url}?passphrase=hunter3hunter3&streamid=hunter4`);
  const { error } = await driver.state('wrong', 'failed');
  assert.match(error, /refused the passphrase/);
  await driver.add('none', listener.url);
  assert.match((await driver.state('none', 'failed')).error, /one side has a passphrase/);

  await driver.add('right', `${listener.url}?passphrase=hunter2hunter2&pbkeylen=32`, 'hunter4');
  await driver.state('right', 'live');
  await listener.received(1);
  const { destinations } = await driver.ask('stats', 'rtmpegress-stats');
  assert.equal(destinations.find(({ id }) => id === 'wrong').attempts, 1);
  await driver.finish();
  await listener.program.ended;
  await checkTs(listener.file);
  assert.doesNotMatch(driver.lines.join('\n') + driver.stderr, /hunter/);
});

test('without allow-private a name that leads to this machine is a refusal for good', async () => {
  listener = await SrtListener.create();
  listener.launch();
  driver = new Driver(live({ properties: 'allow-private=false' }));
  await driver.add('name', `srt://localhost:${listener.port}`);
  assert.match((await driver.state('name', 'failed')).error, /is a loopback address.*allow-private/);
  await driver.add('address', listener.url);
  assert.match((await driver.state('address', 'failed')).error, /127\.0\.0\.1 is a loopback address/);
});

test('URLs that are no good are refused at once', async () => {
  driver = new Driver(live());
  for (const [url, says] of [
    ['srt://127.0.0.1', /valid host and port/],
    ['srt://127.0.0.1:0', /valid host and port/],
    ['srt://[::1:9000', /valid host and port/],
    ['srt://127.0.0.1:9000/live', /no path/],
    ['srt://127.0.0.1:9000?mode=listener', /only be caller/],
    ['srt://127.0.0.1:9000?latency=x', /latency/],
    ['srt://127.0.0.1:9000?passphrase=hunter2', /10 to 79/],
    ['srt://127.0.0.1:9000?pbkeylen=20', /16, 24 or 32/],
    ['srt://127.0.0.1:9000?streamid=%zz', /percent-encoded/],
    [`srt://127.0.0.1:9000?streamid=${'x'.repeat(513)}`, /512/],
    ['srt://127.0.0.1:9000?x=hunter2', /option other than/],
  ]) {
    const { added, error } = await driver.add('bad', url);
    assert.equal(added, false, url);
    assert.match(error, says);
    assert.doesNotMatch(error, /hunter/);
  }
});
