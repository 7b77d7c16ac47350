// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import fs from 'node:fs';
import test, { afterEach, beforeEach } from 'node:test';

import { until } from '../../lib/deadline.js';
import { NginxRtmp } from '../../lib/nginx_rtmp.js';
import { freePorts } from '../../lib/process.js';
import { Driver } from '../driver/driver.js';
import { checkRecording, fps, live, recorded } from './pipelines.js';

let nginx;
let driver;

beforeEach(async () => {
  nginx = await NginxRtmp.start();
});
afterEach(async () => {
  await driver?.kill();
  if (!nginx.program.exited) nginx.program.child.kill('SIGCONT');
  await nginx.stop();
});

/** How many frames the other branch of the encoder falls behind the clock while `during` runs. */
async function framesBehind(during) {
  const before = (await driver.ask('paced', 'paced')).buffers;
  const started = performance.now();
  await during();
  const seconds = (performance.now() - started) / 1000;
  return before + fps * seconds - (await driver.ask('paced', 'paced')).buffers;
}

/** Nothing that happens to a destination holds up the source. A third of a second is what a busy machine may cost. */
const assertKeepsPace = async (during) => {
  const behind = await framesBehind(during);
  assert.ok(behind < fps / 3, `${behind.toFixed(1)} frames behind`);
};

test('of two destinations one is dead from the start: the other is perfect', async () => {
  const [closed] = await freePorts(1);
  driver = new Driver(live());
  await driver.add('dead', `rtmp://127.0.0.1:${closed}/live`, 'k');
  await driver.add('good', nginx.url, 'good');
  const { error } = await driver.state('dead', 'retrying');
  assert.match(error, /refused/);
  await assertKeepsPace(() => recorded(nginx, 'good', 4));
  const { destinations } = await driver.ask('stats', 'rtmpegress-stats');
  assert.ok(destinations.find((one) => one.id === 'dead').attempts > 2, 'it keeps trying');
  await driver.finish();
  await nginx.noted('done', 'good');
  await checkRecording(nginx.recorded('good'));
});

test('the server dies and comes back: live again, from a keyframe, times from 0', async () => {
  driver = new Driver(live());
  await driver.add('one', nginx.url, 'dies');
  await recorded(nginx, 'dies', 1);
  const from = driver.lines.length;
  await nginx.program.stop('SIGKILL');
  await assertKeepsPace(async () => {
    const { error } = await driver.state('one', 'retrying', { from });
    assert.notEqual(error, '');
    await until('a failed attempt', () => driver.messages.slice(from).filter((m) => m.state === 'connecting').length > 1);
  });
  fs.rmSync(nginx.recorded('dies'));
  await nginx.launch();
  await driver.state('one', 'live', { from });
  await recorded(nginx, 'dies', 2);
  await driver.finish();
  await nginx.noted('done', 'dies');
  await checkRecording(nginx.recorded('dies'));
});

test('the server stalls: the source keeps its pace, a removal is not held up, the rest is clean', async () => {
  const other = await NginxRtmp.start();
  try {
    driver = new Driver(live());
    await driver.add('stalls', nginx.url, 'stalls');
    await driver.add('good', other.url, 'good');
    await recorded(nginx, 'stalls', 1);
    await recorded(other, 'good', 1);
    nginx.program.child.kill('SIGSTOP');
    await assertKeepsPace(() => recorded(other, 'good', 5));
    const asked = performance.now();
    driver.command('remove', 'stalls');
    await driver.message('removed', (m) => m.message === 'destination-removed');
    assert.ok(performance.now() - asked < 3500, `removal took ${(performance.now() - asked).toFixed(0)} ms`);
    await driver.finish();
    await other.noted('done', 'good');
    await checkRecording(other.recorded('good'));
  } finally {
    await other.stop();
  }
});

test('a stalled server fills every buffer: it is given up, and live again when it goes on', async () => {
  // 20 Mbit/s fill the kernel's socket buffers in about two seconds.
  driver = new Driver(live({ audio: false }).replace('bitrate=500', 'bitrate=20000').replace('videotestsrc', 'videotestsrc pattern=snow'));
  await driver.add('one', nginx.url, 'wedged');
  await recorded(nginx, 'wedged', 1);
  const from = driver.lines.length;
  nginx.program.child.kill('SIGSTOP');
  await assertKeepsPace(async () => {
    const { error } = await driver.state('one', 'retrying', { from, timeoutMs: 40000 });
    assert.match(error, /timed out|no more data|broke/);
  });
  nginx.program.child.kill('SIGCONT');
  await driver.state('one', 'live', { from, timeoutMs: 30000 });
  await driver.finish();
});

test('a server that is stopped before it is connected to', async () => {
  nginx.program.child.kill('SIGSTOP');
  driver = new Driver(live());
  await driver.add('one', nginx.url, 'late');
  await assertKeepsPace(() => driver.state('one', 'retrying', { timeoutMs: 20000 }));
  nginx.program.child.kill('SIGCONT');
  await driver.state('one', 'live', { timeoutMs: 20000 });
  await recorded(nginx, 'late', 1);
});

test('the end of the stream waits for nobody who does not answer', async () => {
  const [closed] = await freePorts(1);
  driver = new Driver(live());
  await driver.add('dead', `rtmp://127.0.0.1:${closed}/live`, 'k');
  await driver.add('stalled', nginx.url, 'stalled');
  await recorded(nginx, 'stalled', 1);
  nginx.program.child.kill('SIGSTOP');
  const asked = performance.now();
  assert.deepEqual(await driver.finish(), { code: 0, signal: null });
  assert.ok(performance.now() - asked < 4500, `EOS took ${(performance.now() - asked).toFixed(0)} ms`);
});
