// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { run } from './process.js';

/** What ffprobe says of a file. @returns {Promise<{format: object, video: object, audio: object}>} */
export async function probe(file) {
  const { code, stdout, stderr } = await run('ffprobe', ['-v', 'error', '-show_format', '-show_streams', '-of', 'json', file]);
  if (code) throw new Error(`ffprobe ${file}: ${stderr}`);
  const { format, streams } = JSON.parse(stdout);
  return { format, video: streams.find((one) => one.codec_type === 'video'), audio: streams.find((one) => one.codec_type === 'audio') };
}

/** Presentation times of the packets in seconds, in file order. @param {'v'|'a'} kind */
export async function packetTimes(file, kind, field = 'dts_time') {
  const { stdout } = await run('ffprobe', [
    '-v',
    'error',
    '-select_streams',
    `${kind}:0`,
    '-show_entries',
    `packet=${field}`,
    '-of',
    'csv=p=0',
    file,
  ]);
  return stdout.split('\n').filter(Boolean).map(parseFloat); // side data leaves a comma behind a time
}

/** How many pictures of each size a file decodes to. @returns {Promise<Record<string, number>>} by "WIDTHxHEIGHT" */
export async function probeSizes(file) {
  const { stdout } = await run('ffprobe', [
    '-v',
    'error',
    '-select_streams',
    'v:0',
    '-show_entries',
    'frame=width,height',
    '-of',
    'csv=p=0:s=x',
    file,
  ]);
  const sizes = {};
  for (const [size] of stdout.matchAll(/^\d+x\d+/gm)) sizes[size] = (sizes[size] ?? 0) + 1; // side data leaves a mark behind a size
  return sizes;
}

/** Decodes all of it; returns what the decoder complained about ("" when it is clean). */
export async function decodeErrors(file) {
  const ownTimes = ['-enc_time_base', '-1']; // else times are rounded to a frame rate that ffmpeg guesses, and may coincide
  const { stderr } = await run('ffmpeg', ['-v', 'error', '-nostdin', '-i', file, ...ownTimes, '-f', 'null', '-'], { timeoutMs: 120000 });
  return stderr;
}

/**
 * Times in seconds at which the picture turns white and the beep starts (a flash-and-beep source).
 * @param {string} file @param {{luma?: number}} [options] mean luma from which on a picture counts as white
 * @returns {Promise<{flashes: number[], beeps: number[]}>}
 */
export async function flashesAndBeeps(file, { luma = 200 } = {}) {
  const video = await run(
    'ffmpeg',
    [
      '-v',
      'info',
      '-nostdin',
      '-i',
      file,
      '-an',
      '-vf',
      'scale=64:36,signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-',
      '-f',
      'null',
      '-',
    ],
    { timeoutMs: 240000 },
  );
  const frames = [...video.stdout.matchAll(/pts_time:([\d.]+)\s*\nlavfi\.signalstats\.YAVG=([\d.]+)/g)].map(([, time, luma]) => ({
    time: Number(time),
    value: Number(luma),
  }));
  const audio = await run(
    'ffmpeg',
    [
      '-v',
      'info',
      '-nostdin',
      '-i',
      file,
      '-vn',
      '-af',
      'aresample=48000,asetnsamples=n=240,astats=metadata=1:reset=1,ametadata=print:key=lavfi.astats.Overall.RMS_level:file=-',
      '-f',
      'null',
      '-',
    ],
    { timeoutMs: 240000 },
  );
  const levels = [...audio.stdout.matchAll(/pts_time:([\d.]+)\s*\nlavfi\.astats\.Overall\.RMS_level=(\S+)/g)].map(([, time, level]) => ({
    time: Number(time),
    value: level === '-inf' ? -200 : Number(level),
  }));
  return { flashes: risingEdges(frames, luma), beeps: risingEdges(levels, -35) };
}

function risingEdges(points, threshold) {
  return points
    .filter((point, index) => index > 0 && point.value >= threshold && points[index - 1].value < threshold)
    .map((point) => point.time);
}

/**
 * How much later than the picture the sound comes, in ms, at each flash that has a beep within half a second.
 * @param {{flashes: number[], beeps: number[]}} seen
 */
export function soundAfterPicture({ flashes, beeps }) {
  const nearest = (flash) => beeps.reduce((best, beep) => (Math.abs(beep - flash) < Math.abs(best - flash) ? beep : best), Infinity);
  return flashes.map((flash) => Math.round((nearest(flash) - flash) * 1000)).filter((offset) => Math.abs(offset) < 500);
}
