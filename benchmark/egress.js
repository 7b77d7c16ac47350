#!/usr/bin/env node
// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// egress.js [destinations] [seconds] [runs]: what a destination costs the process that pushes, in rtmpegress and in branches of
// `flvmux ! rtmp2sink` behind a tee, in turn. An encoded file (720p30 H.264 2.5 Mbit/s, AAC 128 kbit/s) goes to one nginx with its RTMP
// module; what its reading costs without a destination is taken off. ROSTRUM_BUILD_DIR names the build tree (default: build).

import path from 'node:path';

import { Driver } from '../tests/elements/driver/driver.js';
import { until } from '../tests/lib/deadline.js';
import { NginxRtmp } from '../tests/lib/nginx_rtmp.js';
import { holdings, run, temporaryDirectory, usage } from '../tests/lib/process.js';
import { machine, percentile, table } from './figures.js';

const [destinations, seconds, runs] = [20, 10, 3].map((preset, index) => Number(process.argv[2 + index] ?? preset));
const build = process.env.ROSTRUM_BUILD_DIR ?? path.resolve(import.meta.dirname, '../build');
process.env.ELEMENT_DRIVER = path.join(build, 'tests/elements/driver/element_driver');
const env = { GST_PLUGIN_PATH: path.join(build, 'plugins'), GST_REGISTRY: path.join(build, 'gst-registry.bin') };

const directory = temporaryDirectory('egress');
const file = path.join(directory.path, 'in.mp4');
const nginx = await NginxRtmp.start({ records: false, connections: 256 });
const keys = (name) => Array.from({ length: destinations }, (_, index) => `${name}-${index}`);

async function makeFile() {
  const length = seconds + 15;
  const video = ['-f', 'lavfi', '-i', `testsrc2=s=1280x720:r=30:d=${length}`];
  const audio = ['-f', 'lavfi', '-i', `sine=r=48000:d=${length}`];
  const x264 = 'libx264 -preset ultrafast -tune zerolatency -g 60 -b:v 2500k -maxrate 2500k -bufsize 2500k'.split(' ');
  const args = ['-v', 'error', '-y', ...video, ...audio, '-c:v', ...x264, '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-b:a', '128k', file];
  const { code, stderr } = await run('ffmpeg', args, { timeoutMs: 180000 });
  if (code) throw new Error(stderr);
}

const read = `filesrc location=${file} ! qtdemux name=d
  d.video_0 ! queue ! identity sync=true ! h264parse ! video/x-h264,stream-format=avc,alignment=au ! tee name=v
  d.audio_0 ! queue ! identity sync=true ! aacparse ! audio/mpeg,stream-format=raw ! tee name=a`;
const drain = 'v. ! queue ! fakesink sync=false async=false a. ! queue ! fakesink sync=false async=false';

const branch = (key, index) => `v. ! queue ! m${index}. a. ! queue ! m${index}.
  flvmux name=m${index} streamable=true ! rtmp2sink location=${nginx.url}/${key} sync=false async=false chunk-size=4096`;

/** Cores, threads and MiB of a process, once all keys are published. */
async function measure(pipeline, { added = [], published = added } = {}) {
  const program = new Driver(pipeline, { env });
  await program.message('playing', ({ message }) => message === 'playing');
  for (const key of added) await program.add(key, nginx.url, key);
  await Promise.all(published.map((key) => nginx.noted('publish', key)));
  const begin = performance.now();
  const before = usage(program.pid);
  await until('the time is over', () => performance.now() - begin >= seconds * 1000, seconds * 1000 + 2000);
  const after = usage(program.pid);
  const cores = ((after.cpu - before.cpu) * 1000) / (performance.now() - begin);
  const figures = { cores, threads: holdings(program.pid).threads, mib: after.rssKib / 1024 };
  await program.kill();
  return figures;
}

const kinds = {
  nothing: () => measure(`${read} ${drain}`),
  rtmpegress: (round) => measure(`${read} v. ! queue ! rtmpegress name=out a. ! queue ! out.audio`, { added: keys(`ours-${round}`) }),
  'flvmux ! rtmp2sink': (round) => {
    const published = keys(`theirs-${round}`);
    return measure(`${read} ${published.map(branch).join(' ')}`, { published });
  },
};

try {
  await makeFile();
  const all = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
  for (let round = 0; round < runs; round++) for (const [kind, go] of Object.entries(kinds)) all[kind].push(await go(round));
  const median = (kind, field) =>
    percentile(
      all[kind].map((one) => one[field]),
      50,
    );
  const own = (kind, field) => (median(kind, field) - median('nothing', field)) / destinations;
  console.log(`${destinations} destinations, ${seconds} s, medians of ${runs} runs; ${machine()}\n`);
  const row = (kind) => [kind, (own(kind, 'cores') * 1000).toFixed(2), own(kind, 'threads').toFixed(1), own(kind, 'mib').toFixed(2)];
  const [ours, theirs] = ['rtmpegress', 'flvmux ! rtmp2sink'];
  const ratio = (field) => (own(ours, field) / own(theirs, field)).toFixed(2);
  table(
    ['for each destination', 'cores per 1000', 'threads', 'RSS MiB'],
    [row(ours), row(theirs), ['ratio', ratio('cores'), ratio('threads'), ratio('mib')]],
  );
} finally {
  await nginx.stop();
  directory.remove();
}
