// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const kBits = { columns: 4, rows: 3 }; // 2^12 pictures are told apart: more than two minutes
const kMargin = 0.25; // of each edge: white, whatever a tile cuts off

/**
 * Runs in a page before its scripts: its camera counts its pictures (16:9, 30 per second) in white and black fields, its microphone
 * is silent until `window.speak(true)`.
 */
export function countingCamera({ columns, rows, margin, width = 1024, height = 576 }) {
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const context = canvas.getContext('2d');
    const stream = canvas.captureStream(0);
    let count = 0;
    setInterval(() => {
      context.fillStyle = '#fff';
      context.fillRect(0, 0, width, height);
      context.fillStyle = '#000';
      const [w, h] = [(width * (1 - 2 * margin)) / columns, (height * (1 - 2 * margin)) / rows];
      for (let bit = 0; bit < columns * rows; bit++)
        if (!((count >> bit) & 1)) context.fillRect(width * margin + w * (bit % columns), height * margin + h * Math.floor(bit / columns), w, h);
      count++;
      stream.getVideoTracks()[0].requestFrame();
    }, 1000 / 30);
    const audio = new AudioContext();
    const output = audio.createMediaStreamDestination();
    const gain = audio.createGain();
    const tone = audio.createOscillator();
    gain.gain.value = 0;
    tone.connect(gain).connect(output);
    tone.start();
    window.speak = (on) => (gain.gain.value = on ? 0.5 : 0);
    return new MediaStream([...stream.getVideoTracks(), ...output.stream.getTracks()]);
  };
}
countingCamera.options = { ...kBits, margin: kMargin };

/**
 * What a tile of a recording shows, picture by picture: the count of its camera, or null where it shows something else.
 * @param {string} file @param {{x: number, y: number, width: number, height: number}} tile in parts of the picture
 * @param {{from?: number, aspect?: number}} [options] `from`: seconds; `aspect`: width by height of the tile in pixels
 * @returns {Promise<(number|null)[]>}
 */
export async function countsShown(file, tile, { from = 0, aspect = 16 / 9 } = {}) {
  const [width, height] = [160, 90];
  const crop = `crop=iw*${tile.width}:ih*${tile.height}:iw*${tile.x}:ih*${tile.y}`;
  // A tile that is narrower than the camera's picture cuts off left and right.
  const shown = 2 * Math.round(Math.min(width, height * aspect) / 2);
  const whole = `scale=${shown}:${height},pad=${width}:${height}:-1:0:white`;
  const { stdout } = await promisify(execFile)(
    'ffmpeg',
    ['-v', 'error', '-nostdin', '-i', file, '-ss', String(from), '-an', '-vf', `${crop},${whole},format=gray`, '-vsync', 'passthrough', '-f', 'rawvideo', '-'],
    { encoding: 'buffer', maxBuffer: 2 ** 28, timeout: 120_000 },
  );
  const size = width * height;
  const counts = [];
  for (let at = 0; at + size <= stdout.length; at += size) counts.push(countOf(stdout.subarray(at, at + size), width, height));
  return counts;
}

/** @returns {number|null} null when this is not a picture of the camera */
function countOf(gray, width, height) {
  const at = (x, y) => gray[Math.round(y * height) * width + Math.round(x * width)];
  const edge = [at(0.19, 0.5), at(0.81, 0.5), at(0.5, 0.15), at(0.5, 0.85)];
  if (edge.some((luma) => luma < 150)) return null;
  const { columns, rows } = kBits;
  let count = 0;
  for (let bit = 0; bit < columns * rows; bit++) {
    const x = kMargin + ((1 - 2 * kMargin) * ((bit % columns) + 0.5)) / columns;
    const y = kMargin + ((1 - 2 * kMargin) * (Math.floor(bit / columns) + 0.5)) / rows;
    if (at(x, y) > 128) count |= 1 << bit;
  }
  return count;
}

/** From where on the tile stands still and counts. */
export function afterMove(counts) {
  const steady = (at) => counts.slice(at, at + 6).every((count, i, all) => count !== null && (i === 0 || (count >= all[i - 1] && count - all[i - 1] < 5)));
  const start = counts.findIndex((count, at) => steady(at) && counts[at + 6] > count);
  return start < 0 ? [] : counts.slice(start);
}

/** How a tile went on: what never was to be seen, and the longest time without news. */
export function judgeCounts(counts) {
  let still = 0;
  const found = { pictures: counts.length, placeholders: 0, backwards: 0, longestStill: 0, largestStep: 0 };
  for (let i = 1; i < counts.length; i++) {
    if (counts[i] === null) found.placeholders++;
    still = counts[i] === counts[i - 1] ? still + 1 : 0;
    found.longestStill = Math.max(found.longestStill, still);
    if (counts[i] === null || counts[i - 1] === null) continue;
    if (counts[i] < counts[i - 1]) found.backwards++;
    found.largestStep = Math.max(found.largestStep, counts[i] - counts[i - 1]);
  }
  return found;
}
