// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, afterEach, before } from 'node:test';

import { until } from '../../lib/deadline.js';
import { HostileRtmp } from '../../lib/hostile_rtmp.js';
import { decodeErrors, packetTimes, probeSizes } from '../../lib/media_file.js';
import { NginxRtmp } from '../../lib/nginx_rtmp.js';
import { freePorts, Program, temporaryDirectory } from '../../lib/process.js';
import { Driver } from '../driver/driver.js';
import { launch } from '../driver/launch.js';
import { checkRecording, fps, height, live, recorded, width } from './pipelines.js';

let nginx;
let hostile;
let driver;

before(async () => {
  nginx = await NginxRtmp.start();
  hostile = await HostileRtmp.start();
});
afterEach(() => driver?.kill());
after(() => Promise.all([nginx?.stop(), hostile?.stop()]));

test('gst-launch-1.0: from a file to nginx, at the pace of the clock, all of it', async () => {
  const directory = temporaryDirectory('rtmpegress');
  const file = path.join(directory.path, 'in.mp4');
  const size = `video/x-raw,width=${width},height=${height},framerate=${fps}/1`;
  const make = `videotestsrc num-buffers=90 ! ${size} ! x264enc key-int-max=30 bframes=2 ! mp4mux name=m ! filesink location=${file}
    audiotestsrc num-buffers=130 ! audio/x-raw,rate=44100,channels=2 ! avenc_aac ! m.`;
  assert.equal((await launch(make)).code, 0);

  const play = `filesrc location=${file} ! qtdemux name=d
    d.video_0 ! queue ! rtmpegress name=r location=${nginx.url}/from-file
    d.audio_0 ! queue ! r.audio`;
  const started = performance.now();
  const { code, stderr } = await launch(play);
  assert.equal(code, 0, stderr);
  const took = performance.now() - started;
  assert.ok(took > 2800 && took < 6000, `3 s of file took ${took.toFixed(0)} ms`);
  await nginx.noted('done', 'from-file');
  await recorded(nginx, 'from-file', 2.9);
  await checkRecording(nginx.recorded('from-file'));
  directory.remove();
});

test('a live stream: state, statistics, a clean end with EOS', async () => {
  driver = new Driver(live());
  const { added, error } = await driver.add('one', nginx.url, 'eos-end');
  assert.ok(added, error);
  await driver.state('one', 'live');
  await recorded(nginx, 'eos-end', 3);
  const { destinations } = await driver.ask('stats', 'rtmpegress-stats');
  assert.equal(destinations.length, 1);
  const [status] = destinations;
  assert.equal(status.state, 'live');
  assert.equal(status.attempts, 1);
  assert.ok(status.bytes > 100000, `${status.bytes} bytes`);
  assert.ok(status.bitrate > 100000 && status.bitrate < 2000000, `${status.bitrate} bit/s`);
  assert.deepEqual(await driver.finish(), { code: 0, signal: null });
  await nginx.noted('done', 'eos-end');
  await checkRecording(nginx.recorded('eos-end'));
});

for (const [name, kinds] of Object.entries({ 'only-video': { audio: false }, 'only-audio': { video: false } })) {
  test(name, async () => {
    driver = new Driver(live({ ...kinds, properties: `location=${nginx.url}/${name}` }));
    await driver.state('location', 'live');
    await recorded(nginx, name, 1.5, kinds.video === false ? 'a' : 'v');
    await driver.finish();
    await nginx.noted('done', name);
    await checkRecording(nginx.recorded(name), kinds);
  });
}

test('destinations come and go while it plays; each starts at a keyframe and ends with a done', async () => {
  driver = new Driver(live());
  await driver.add('first', nginx.url, 'first');
  await recorded(nginx, 'first', 1);
  await driver.add('second', nginx.url, 'second');
  await recorded(nginx, 'second', 1.5);

  const from = driver.lines.length;
  const asked = performance.now();
  driver.command('remove', 'first');
  await driver.message('removed', (m) => m.message === 'destination-removed' && m.id === 'first', { from });
  await nginx.noted('done', 'first');
  assert.ok(performance.now() - asked < 3000, 'the end is told within 3 s');
  await checkRecording(nginx.recorded('first'));

  const again = await driver.add('first', nginx.url, 'first-again'); // the id is free again
  assert.ok(again.added, again.error);
  await recorded(nginx, 'first-again', 1);
  await driver.finish();
  for (const name of ['second', 'first-again']) {
    await nginx.noted('done', name);
    await checkRecording(nginx.recorded(name));
  }
});

test('an encoder with lookahead: picture two seconds behind the sound', async () => {
  driver = new Driver(live({ properties: `location=${nginx.url}/lookahead` }).replace('tune=zerolatency', 'rc-lookahead=60 bframes=2'));
  await recorded(nginx, 'lookahead', 3);
  await driver.finish();
  await nginx.noted('done', 'lookahead');
  await checkRecording(nginx.recorded('lookahead'));
});

test('the picture changes its size: a new sequence header, and every frame of both sizes decodes', async () => {
  const sizes = ['320x180', '640x360'];
  const size = (text) => `video/x-raw,width=${text.split('x')[0]},height=${text.split('x')[1]},framerate=${fps}/1`;
  driver =
    new Driver(`rtmpegress name=out location=${nginx.url}/sizes concat name=c ! identity sync=true ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 ! queue ! out.video
    ${sizes.map((one) => `videotestsrc num-buffers=60 ! ${size(one)} ! c.`).join(' ')}`);
  await driver.add('hostile', hostile.url, 'k3y');
  await driver.ended;
  await nginx.noted('done', 'sizes');
  assert.deepEqual(await probeSizes(nginx.recorded('sizes')), { '320x180': 60, '640x360': 60 });
  assert.equal(await decodeErrors(nginx.recorded('sizes')), '');

  const { frames, metadata } = hostile.last;
  const headers = frames.flatMap((frame, index) => (frame.header ? [index] : []));
  assert.equal(headers.length, 2);
  assert.ok(frames[headers[1] + 1].keyframe);
  assert.equal(frames[headers[1]].timestamp, frames[headers[1] + 1].timestamp);
  assert.deepEqual([metadata[2].width, metadata[2].height], [640, 360]);
});

test('ffmpeg as the server', async () => {
  const directory = temporaryDirectory('rtmpegress');
  const file = path.join(directory.path, 'out.flv');
  const [port] = await freePorts(1);
  const url = `rtmp://127.0.0.1:${port}/live`;
  const ffmpeg = new Program('ffmpeg', ['-v', 'error', '-nostdin', '-listen', '1', '-i', `${url}/k3y`, '-c', 'copy', '-y', file]);
  driver = new Driver(live());
  await driver.add('one', url, 'k3y');
  await driver.state('one', 'live');
  await until('3 s at ffmpeg', async () => fs.existsSync(file) && (await packetTimes(file, 'v')).at(-1) > 3, 20000);
  await driver.finish();
  assert.equal((await ffmpeg.ended).code, 0, ffmpeg.stderr);
  await checkRecording(file);
  directory.remove();
});
