// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import path from 'node:path';
import test, { afterEach } from 'node:test';

import { until } from '../../lib/deadline.js';
import { HostileRtmp } from '../../lib/hostile_rtmp.js';
import { NginxRtmp } from '../../lib/nginx_rtmp.js';
import { run } from '../../lib/process.js';
import { Driver } from '../driver/driver.js';
import { checkFrames, checkRecording, live, recorded } from './pipelines.js';
import { Servers } from './servers.js';

const kStallMs = 13000; // 6 s without an acknowledgement, and what 128 KiB each and a busy machine add

let driver;
const servers = new Servers();
afterEach(async () => {
  await driver?.kill();
  await servers.stop();
});

const statusOf = async (id) => (await driver.ask('stats', 'rtmpegress-stats')).destinations.find((one) => one.id === id);

test('a server whose process stops is found although its kernel takes everything', async () => {
  const nginx = await servers.take(NginxRtmp.start());
  const other = await servers.take(NginxRtmp.start());
  driver = new Driver(live().replace('bitrate=500', 'bitrate=1000').replace('videotestsrc', 'videotestsrc pattern=snow'));
  await driver.add('stops', nginx.url, 'stops');
  await driver.add('good', other.url, 'good');
  await recorded(nginx, 'stops', 3); // it has acknowledged something
  const from = driver.lines.length;
  const stopped = performance.now();
  nginx.program.child.kill('SIGSTOP');
  try {
    const { error } = await driver.state('stops', 'retrying', { from, timeoutMs: kStallMs });
    assert.match(error, /takes no more data/);
    assert.ok(performance.now() - stopped > 3000, 'not before it is certain');
  } finally {
    nginx.program.child.kill('SIGCONT');
  }
  await driver.state('stops', 'live', { from });
  const { reconnects, bytes } = await statusOf('stops');
  assert.equal(reconnects, 1);
  assert.ok(bytes > 300000, `${bytes} bytes over both connections`);
  await driver.finish();
  await other.noted('done', 'good');
  await checkRecording(other.recorded('good'));
});

test('a server that reads too slowly loses frames up to a keyframe, and nobody else does; then it catches up', async () => {
  const slow = await servers.take(HostileRtmp.start({ misdeed: { at: 'media', what: 'slow' } }));
  const good = await servers.take(HostileRtmp.start());
  // 20 Mbit/s: more than its kernel and ours keep for it.
  driver = new Driver(live().replace('bitrate=500', 'bitrate=20000').replace('videotestsrc', 'videotestsrc pattern=snow'));
  await driver.add('good', good.url, 'k3y');
  await driver.add('slow', slow.url, 'k3y');
  await until('frames left out', async () => (await statusOf('slow')).dropped > 30, 30000);
  assert.deepEqual({ state: 'live', attempts: 1 }, (({ state, attempts }) => ({ state, attempts }))(await statusOf('slow')));
  const left = slow.last.frames.length;
  slow.misdeed = null;
  const gap = () => {
    const video = slow.last.frames.filter((frame) => frame.kind === 'video' && !frame.header);
    return video.findIndex((frame, index) => index > 0 && frame.timestamp - video[index - 1].timestamp > 200);
  };
  await until('frames behind the gap', () => slow.last.frames.length > left && gap() > 0, 20000);
  const video = slow.last.frames.filter((frame) => frame.kind === 'video' && !frame.header);
  assert.ok(video[gap()].keyframe, 'it goes on with a keyframe');
  checkFrames(slow.last);

  assert.equal((await statusOf('good')).dropped, 0);
  const pictures = good.last.frames.filter((frame) => frame.kind === 'video' && !frame.header).map(({ timestamp }) => timestamp);
  const gaps = pictures.slice(1).map((time, index) => time - pictures[index]);
  assert.ok(Math.max(...gaps) < 100, `the good server misses ${Math.max(...gaps)} ms`);
  checkFrames(good.last);
});

const namespaces = (await run('unshare', ['-rn', 'true'])).code === 0;

test('a network that is cut without a word is found, acknowledgements or not', { skip: !namespaces && 'no user namespaces' }, async () => {
  const { code, stdout, stderr } = await run('unshare', ['-rn', process.execPath, path.join(import.meta.dirname, 'cut_network.js')]);
  assert.equal(code, 0, stderr);
  const { error, reconnects, connections } = JSON.parse(stdout);
  assert.match(error, /takes no more data/);
  assert.equal(reconnects, 1);
  assert.ok(connections >= 2);
});
