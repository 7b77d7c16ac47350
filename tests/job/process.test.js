// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { kJob, makeFile, packets, runJob } from '../lib/job.js';
import { decodeErrors, probe } from '../lib/media_file.js';
import { Program, temporaryDirectory } from '../lib/process.js';

const directory = temporaryDirectory('job');
const at = (name) => path.join(directory.path, name);
const process = (file) => runJob({ kind: 'process', path: file });
const sha256 = (file) => crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex');

const kPicture = 'videotestsrc num-buffers=210 pattern=ball ! video/x-raw,width=640,height=360,framerate=30/1';
const kSound = 'audiotestsrc num-buffers=328 samplesperbuffer=1024 ! audio/x-raw,rate=48000,channels=2';
const kH264 = 'x264enc tune=zerolatency speed-preset=ultrafast key-int-max=60 ! h264parse';
const kAac = 'avenc_aac ! aacparse';

before(async () => {
  // As a session leaves them: fragments for MP4, clusters without sizes, cues and duration for WebM.
  const sources = {
    'a.mp4': `${kPicture} ! ${kH264} ! mp4mux name=m fragment-duration=500 ! filesink location=${at('a.mp4')} ${kSound} ! ${kAac} ! m.`,
    'late.mp4': `${kPicture} ! ${kH264} ! mp4mux name=m fragment-duration=500 ! filesink location=${at('late.mp4')} ${kSound} ! identity ts-offset=15000000 ! ${kAac} ! m.`,
    'end.mp4': `${kPicture} ! x264enc speed-preset=ultrafast bframes=2 key-int-max=60 ! h264parse ! mp4mux name=m ! filesink location=${at('end.mp4')} ${kSound} ! ${kAac} ! m.`,
    'sound.mp4': `${kSound} ! ${kAac} ! mp4mux fragment-duration=500 ! filesink location=${at('sound.mp4')}`,
    'a.webm': `${kPicture} ! vp8enc deadline=1 keyframe-max-dist=60 ! webmmux name=m streamable=true ! filesink location=${at('a.webm')} ${kSound} ! opusenc ! m.`,
    'sound.webm': `${kSound} ! opusenc ! webmmux streamable=true ! filesink location=${at('sound.webm')}`,
    'black.mp4': `videotestsrc num-buffers=90 pattern=black ! video/x-raw,width=320,height=180,framerate=30/1 ! ${kH264} ! mp4mux fragment-duration=500 ! filesink location=${at('black.mp4')}`,
  };
  for (const pipeline of Object.values(sources)) await makeFile(pipeline);
});
after(() => directory.remove());

/** The types of the boxes at the top of an MP4 file. */
function topBoxes(file) {
  const bytes = fs.readFileSync(file);
  const types = [];
  for (let offset = 0; offset + 8 <= bytes.length; offset += bytes.readUInt32BE(offset))
    types.push(bytes.toString('latin1', offset + 4, offset + 8));
  return types;
}

for (const name of ['a.mp4', 'late.mp4', 'end.mp4', 'sound.mp4', 'a.webm', 'sound.webm'])
  test(`${name}: an index in front, and every packet as it was`, async () => {
    const kinds = name.startsWith('sound') ? ['a'] : ['v', 'a'];
    const file = at(`done-${name}`);
    fs.copyFileSync(at(name), file);
    const former = await Promise.all(kinds.map((kind) => packets(file, kind)));
    const { code, result, error } = await process(file);
    assert.equal(code, 0, error);
    for (const [index, kind] of kinds.entries()) {
      assert.ok(former[index].length > 100);
      assert.deepEqual(await packets(file, kind), former[index], kind);
    }
    assert.equal(await decodeErrors(file), '');
    if (name.endsWith('.mp4')) assert.deepEqual(topBoxes(file), ['ftyp', 'moov', 'mdat']);
    const { format, video } = await probe(file);
    assert.ok(Math.abs(Number(format.duration) - 7) < 0.1, `${format.duration} s`);
    assert.ok(Math.abs(result.durationMs / 1000 - Number(format.duration)) < 0.05, `${result.durationMs} ms of ${format.duration} s`);
    assert.deepEqual([result.width, result.height], [video?.width, video?.height]);
    assert.deepEqual([result.bytes, result.sha256], [fs.statSync(file).size, sha256(file)]);
    assert.equal(result.poster, kinds.length === 2 ? `done-${name}`.replace(/\.\w+$/, '.jpg') : undefined);
    assert.deepEqual(result.notes, []);
    const again = await process(file);
    assert.equal(again.result.sha256, result.sha256, 'a second run changes nothing');
    assert.deepEqual(
      fs.readdirSync(directory.path).filter((one) => one.endsWith('.new')),
      [],
    );
  });

test('poster and thumbnails are pictures that fit the text', async () => {
  const file = at('pictures.mp4');
  fs.copyFileSync(at('a.mp4'), file);
  const { result } = await process(file);
  const poster = await probe(at(result.poster));
  assert.deepEqual([poster.video.codec_name, poster.video.width, poster.video.height], ['mjpeg', 640, 360]);
  const { count, intervalMs, width, height, sprite, vtt } = result.thumbnails;
  assert.deepEqual([count, intervalMs, width, height], [4, 2000, 160, 90]);
  const sheet = await probe(at(sprite));
  assert.deepEqual([sheet.video.width, sheet.video.height], [640, 90]);
  const cues = [...fs.readFileSync(at(vtt), 'utf8').matchAll(/^(\S+) --> (\S+)\n(\S+)#xywh=(\d+),0,160,90$/gm)];
  assert.deepEqual(
    cues.map((cue) => [cue[1], cue[3], Number(cue[4])]),
    [0, 2, 4, 6].map((second, index) => [`00:00:0${second}.000`, sprite, index * 160]),
  );
  assert.match(cues.at(-1)[2], /^00:00:0(7.0|6.9)/);
});

test('a picture that is black throughout has a poster all the same', async () => {
  const { code, result } = await process(at('black.mp4'));
  assert.equal(code, 0);
  assert.equal((await probe(at(result.poster))).video.width, 320);
});

test('without room the file stays as it was, and is described', async () => {
  for (const name of ['a.mp4', 'a.webm']) {
    const file = at(`full-${name}`);
    fs.copyFileSync(at(name), file);
    const former = fs.readFileSync(file);
    const { code, result, error } = await runJob({ kind: 'process', path: file }, { fileKib: 40 });
    assert.equal(code, 0, error);
    assert.equal(result.finalised, false);
    assert.match(result.notes[0], /cannot be written/);
    assert.ok(fs.readFileSync(file).equals(former));
    assert.deepEqual([result.width, result.bytes, result.sha256], [640, former.length, sha256(file)]);
    assert.ok(Math.abs(result.durationMs - 7000) < 100);
    assert.ok(!fs.existsSync(at(`.full-${name}.new`)));
  }
});

test('what is cut off anywhere is either mended or refused and left alone', { timeout: 120000 }, async () => {
  const kCuts = 12;
  for (const name of ['a.mp4', 'a.webm']) {
    const whole = fs.readFileSync(at(name));
    let mended = 0;
    for (let cut = 0; cut <= kCuts; ++cut) {
      const file = at(`cut-${cut}-${name}`);
      const bytes = whole.subarray(0, Math.floor((whole.length * cut) / kCuts) - (cut === kCuts ? 1 : 0));
      fs.writeFileSync(file, bytes);
      const { code, signal, result, error } = await process(file);
      assert.equal(signal, null);
      if (code === 0) {
        mended++;
        assert.equal(await decodeErrors(file), '', `${name} cut at ${bytes.length}`);
        assert.ok(result.durationMs <= 7100);
      } else {
        assert.match(error, /\w/);
        assert.ok(fs.readFileSync(file).equals(bytes), 'it is left alone');
      }
    }
    assert.ok(mended >= kCuts - 2, `${mended} of ${kCuts} of ${name} were mended`);
  }
});

test('what is no recording is refused with words', async () => {
  const rows = [
    ['nothing.mp4', Buffer.alloc(0), /empty/],
    ['zeros.mp4', Buffer.alloc(100000), /not an MP4/],
    ['noise.mp4', crypto.randomBytes(100000), /not an MP4/],
    ['text.webm', Buffer.from('a'.repeat(5000)), /not an MP4/],
  ];
  for (const [name, bytes, words] of rows) {
    fs.writeFileSync(at(name), bytes);
    const { code, error, permanent } = await process(at(name));
    assert.deepEqual([code, permanent], [1, true]);
    assert.match(error, words);
    assert.ok(fs.readFileSync(at(name)).equals(bytes));
  }
  assert.match((await process(at('absent.mp4'))).error, /absent.mp4: cannot be opened/);
  assert.match((await runJob({ kind: 'dance' })).error, /no job of the kind 'dance'/);
});

test('a job is of low priority', async () => {
  const program = new Program(kJob, [], { stdin: 'pipe' });
  try {
    await until('it steps back', () => {
      const stat = fs.readFileSync(`/proc/${program.pid}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]) === 19;
    });
    program.child.stdin.end('{}');
    const { code } = await program.ended;
    assert.equal(code, 1);
  } finally {
    if (!program.exited) program.child.kill('SIGKILL');
  }
});
