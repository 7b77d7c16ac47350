// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { makeFile, runJob } from '../lib/job.js';
import { decodeErrors, probe } from '../lib/media_file.js';
import { run, temporaryDirectory } from '../lib/process.js';

const directory = temporaryDirectory('merge');
const at = (name) => path.join(directory.path, name);

const tone = (frequency) => `audiotestsrc freq=${frequency} num-buffers=94 samplesperbuffer=1024 ! audio/x-raw,rate=48000,channels=1`;
const picture = (colour) =>
  `videotestsrc num-buffers=60 pattern=solid-color foreground-color=${colour} ! video/x-raw,width=320,height=180,framerate=30/1`;

before(async () => {
  // Each 2 s long.
  await makeFile(`${tone(440)} ! opusenc ! webmmux streamable=true ! filesink location=${at('low.webm')}`);
  await makeFile(`${tone(1760)} ! avenc_aac ! aacparse ! mp4mux fragment-duration=500 ! filesink location=${at('high.mp4')}`);
  await makeFile(
    `${picture(0xffff0000)} ! x264enc tune=zerolatency ! mp4mux name=m fragment-duration=500 ! filesink location=${at('red.mp4')} ${tone(440)} ! avenc_aac ! aacparse ! m.`,
  );
  await makeFile(`${picture(0xff0000ff)} ! vp8enc deadline=1 ! webmmux streamable=true ! filesink location=${at('blue.webm')}`);
});
after(() => directory.remove());

/** Loudness of each channel in a stretch of a file. @returns {Promise<number[]>} RMS, 0..1 */
async function loudness(file, from, seconds) {
  const raw = `${file}.${from}.f32`;
  const { code, stderr } = await run('ffmpeg', [
    ...['-v', 'error', '-nostdin', '-y', '-ss', `${from}`, '-t', `${seconds}`, '-i', file],
    ...['-ac', '2', '-ar', '48000', '-f', 'f32le', raw],
  ]);
  assert.equal(code, 0, stderr);
  const samples = new Float32Array(new Uint8Array(fs.readFileSync(raw)).buffer);
  const squares = [0, 0];
  for (const [index, value] of samples.entries()) squares[index % 2] += value * value;
  return squares.map((sum) => Math.sqrt(sum / (samples.length / 2)));
}

/** The colour in the middle of each half of a picture. @returns {Promise<string[]>} */
async function halves(file, second) {
  const raw = `${file}.rgb`;
  await run('ffmpeg', [
    '-v',
    'error',
    '-nostdin',
    '-y',
    '-ss',
    `${second}`,
    '-i',
    file,
    '-frames:v',
    '1',
    '-vf',
    'scale=16:9',
    '-pix_fmt',
    'rgb24',
    '-f',
    'rawvideo',
    raw,
  ]);
  const bytes = fs.readFileSync(raw);
  const name = (x) => {
    const [red, , blue] = bytes.subarray((4 * 16 + x) * 3, (4 * 16 + x) * 3 + 3);
    return red > 150 ? 'red' : blue > 150 ? 'blue' : red + blue < 40 ? 'black' : `${red},${blue}`;
  };
  return [name(4), name(12)];
}

test('two channels: left and right, at their times, silent between', async () => {
  const file = at('channels.mp4');
  const { code, result, error } = await runJob({
    kind: 'merge',
    path: file,
    inputs: [
      { path: at('low.webm'), offsetMs: 0, channel: 0 },
      { path: at('high.mp4'), offsetMs: 1000, channel: 1 },
      { path: at('low.webm'), offsetMs: 4000, channel: 0 },
    ],
  });
  assert.equal(code, 0, error);
  const { audio, format } = await probe(file);
  assert.deepEqual([audio.codec_name, audio.channels, audio.sample_rate], ['aac', 2, '48000']);
  assert.ok(Math.abs(Number(format.duration) - 6) < 0.1, `${format.duration} s`);
  assert.equal(result.sha256, crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex'));
  const rows = [
    [0.3, true, false],
    [1.3, true, true],
    [2.3, false, true],
    [3.3, false, false],
    [4.3, true, false],
  ];
  for (const [second, left, right] of rows) {
    const heard = (await loudness(file, second, 0.4)).map((level) => level > 0.1);
    assert.deepEqual(heard, [left, right], `at ${second} s`);
  }
  assert.deepEqual(
    fs.readdirSync(directory.path).filter((name) => name.startsWith('.')),
    [],
  );
});

test('composed: side by side where they overlap, aligned by time', async () => {
  const file = at('composed.mp4');
  const { code, error, lines } = await runJob({
    kind: 'composite-merge',
    path: file,
    inputs: [
      { path: at('red.mp4'), offsetMs: 0 },
      { path: at('blue.webm'), offsetMs: 1000 },
    ],
  });
  assert.equal(code, 0, error);
  assert.ok(lines.some((line) => line.progress !== undefined));
  assert.equal(await decodeErrors(file), '');
  const { video, audio, format } = await probe(file);
  assert.deepEqual([video.codec_name, video.width, video.height, audio.codec_name], ['h264', 1280, 720, 'aac']);
  assert.ok(Math.abs(Number(format.duration) - 3) < 0.15, `${format.duration} s`);
  assert.deepEqual(await halves(file, 0.5), ['red', 'black']);
  assert.deepEqual(await halves(file, 1.5), ['red', 'blue']);
  assert.deepEqual(await halves(file, 2.6), ['black', 'blue']);
  const [early] = await loudness(file, 0.5, 0.4);
  const [late] = await loudness(file, 2.4, 0.4);
  assert.ok(early > 0.1 && late < 0.01);
});

test('what follows one another fills the picture', async () => {
  const file = at('joined.mp4');
  const inputs = [
    { path: at('red.mp4'), offsetMs: 0 },
    { path: at('blue.webm'), offsetMs: 2500 },
  ];
  assert.equal((await runJob({ kind: 'composite-merge', path: file, inputs })).code, 0);
  assert.deepEqual(await halves(file, 1), ['red', 'red']);
  assert.deepEqual(await halves(file, 3.5), ['blue', 'blue']);
});

test('what cannot be merged is refused, and leaves nothing', async () => {
  fs.writeFileSync(at('noise.mp4'), crypto.randomBytes(20000));
  for (const [kind, inputs, words] of [
    ['merge', [], /nothing to merge/],
    ['merge', [{ path: at('noise.mp4'), offsetMs: 0 }], /not an MP4/],
    ['composite-merge', [{ path: at('absent.mp4'), offsetMs: 0 }], /absent.mp4/],
  ]) {
    const { code, error, permanent } = await runJob({ kind, path: at('never.mp4'), inputs });
    assert.deepEqual([code, permanent], [1, true]);
    assert.match(error, words);
    assert.ok(!fs.existsSync(at('never.mp4')) && !fs.existsSync(at('.never.mp4.new')));
  }
});
