// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import fs from 'node:fs';

import { until } from '../../lib/deadline.js';
import { decodeErrors, packetTimes, probe } from '../../lib/media_file.js';

export const width = 320;
export const height = 180;
export const fps = 30;

const encoder = 'x264enc tune=zerolatency speed-preset=ultrafast threads=1 bitrate=500 key-int-max=60';

/** Live picture and sound into rtmpegress "out"; "pace" is another branch of the same encoder. */
export const live = ({ properties = '', video = true, audio = true } = {}) =>
  [
    `rtmpegress name=out retry-base=200 retry-max=1000 ${properties}`,
    video &&
      `videotestsrc is-live=true ! video/x-raw,width=${width},height=${height},framerate=${fps}/1 ! ${encoder} ! tee name=t
       t. ! queue ! fakesink name=pace sync=false async=false
       t. ! queue ! out.video`,
    audio && 'audiotestsrc is-live=true ! audio/x-raw,rate=44100,channels=2 ! avenc_aac ! queue ! out.audio',
  ]
    .filter(Boolean)
    .join(' ');

/** Waits until nginx has recorded that many seconds of the stream. */
export const recorded = (nginx, name, seconds, kind = 'v') =>
  until(
    `${seconds} s of ${name} at nginx`,
    async () => fs.existsSync(nginx.recorded(name)) && (await packetTimes(nginx.recorded(name), kind)).at(-1) > seconds,
    30000,
  );

/** A file as nginx wrote it is what went in: codecs, size, rate, growing times from near 0, decodable from the first frame. */
export async function checkRecording(file, { video = true, audio = true } = {}) {
  const streams = await probe(file);
  assert.equal(streams.video?.codec_name, video ? 'h264' : undefined);
  assert.equal(streams.audio?.codec_name, audio ? 'aac' : undefined);
  for (const kind of [video && 'v', audio && 'a'].filter(Boolean)) {
    const times = await packetTimes(file, kind);
    assert.ok(times[0] < 0.2, `${kind} starts at ${times[0]} s`);
    const back = times.findIndex((time, index) => index > 0 && time <= times[index - 1]);
    assert.equal(back, -1, `${kind}: ${times[back]} s comes after ${times[back - 1]} s`);
  }
  if (video) {
    assert.deepEqual([streams.video.width, streams.video.height], [width, height]);
    const times = await packetTimes(file, 'v');
    const rate = (times.length - 1) / (times.at(-1) - times[0]);
    assert.ok(Math.abs(rate - fps) < 1, `${rate.toFixed(2)} frames per second`);
    const gaps = times.slice(1).map((time, index) => time - times[index]);
    assert.ok(Math.max(...gaps) < 0.1, `a gap of ${Math.max(...gaps).toFixed(3)} s`);
  }
  assert.equal(await decodeErrors(file), '');
}

/** What a server received on one connection can be decoded from its first frame on, with times from near 0 that only grow. */
export function checkFrames({ metadata, frames, commands }, { video = true, audio = true } = {}) {
  assert.deepEqual(commands.map(([name]) => name).slice(0, 5), ['connect', 'releaseStream', 'FCPublish', 'createStream', 'publish']);
  assert.deepEqual(metadata.slice(0, 2), ['@setDataFrame', 'onMetaData']);
  if (video) assert.deepEqual([metadata[2].width, metadata[2].height, metadata[2].framerate], [width, height, fps]);
  for (const kind of [video && 'video', audio && 'audio'].filter(Boolean)) {
    const own = frames.filter((frame) => frame.kind === kind);
    assert.ok(own[0].header, `${kind} begins with its sequence header`);
    const media = own.filter((frame) => !frame.header);
    assert.ok(media[0].keyframe, `${kind} begins with a keyframe`);
    assert.ok(media[0].timestamp < 200, `${kind} starts at ${media[0].timestamp} ms`);
    const back = media.findIndex((frame, index) => index > 0 && frame.timestamp <= media[index - 1].timestamp);
    assert.equal(back, -1, `${kind}: ${media[back]?.timestamp} ms comes after ${media[back - 1]?.timestamp} ms`);
  }
}
