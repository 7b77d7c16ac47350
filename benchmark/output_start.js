#!/usr/bin/env node
// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// output_start.js [runs]: time from the API call to the first byte of an output, while the program is encoded already.
// ROSTRUM_BUILD_DIR names the build tree (default: build).

import fs from 'node:fs';
import path from 'node:path';

import { within } from '../tests/lib/deadline.js';
import { HostileRtmp } from '../tests/lib/hostile_rtmp.js';
import { Rostrum } from '../tests/lib/rostrum.js';
import { machine, percentile, table } from './figures.js';

const runs = Number(process.argv[2] ?? 25);
const kLookMs = 2;
const kRestMs = 300; // between two runs, at any place of the group of pictures

const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** When `seen` is first true. */
async function moment(what, seen) {
  const look = async () => {
    while (!seen()) await rest(kLookMs);
    return performance.now();
  };
  return within(what, look(), 20000);
}

/** One push to a server that notes when it is called and when media comes. */
async function push(rostrum, server, room) {
  const before = server.connections;
  const called = moment('the call', () => server.connections > before);
  const media = called.then(() => moment('media', () => server.last.frames.length > 0));
  const start = performance.now();
  const { id } = await rostrum.ok('POST', '/v2/livestreams/start', {
    roomId: room,
    outputs: [{ url: server.url, streamKey: `run-${before}` }],
  });
  const answered = performance.now();
  const result = { answer: answered - start, accept: (await called) - start, media: (await media) - start };
  await rostrum.ok('POST', '/v2/livestreams/end', { roomId: room, id });
  return result;
}

const sizeOf = (directory, id) =>
  fs
    .readdirSync(directory, { recursive: true })
    .filter((name) => path.basename(name).startsWith(id))
    .reduce((sum, name) => sum + fs.statSync(path.join(directory, name)).size, 0);

/** One recording: the first byte in its file. */
async function record(rostrum, watcher, room) {
  const start = performance.now();
  const { id } = await rostrum.ok('POST', '/v2/recordings/start', { roomId: room });
  const file = (await moment('a byte', () => sizeOf(path.join(rostrum.state, 'recordings'), id) > 0)) - start;
  const from = watcher.messages.length;
  await rostrum.ok('POST', '/v2/recordings/end', { roomId: room, id });
  await watcher.next('recording-state-changed', ({ status }) => status === 'RECORDING_STOPPED', { from });
  return { file };
}

const rostrum = await Rostrum.start();
const server = await HostileRtmp.start();
const keeper = await HostileRtmp.start(); // of the encode
try {
  const room = await rostrum.room({ multiComposition: { rtmp: true } });
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const host = await rostrum.testHost(room);
  await rostrum.ok('POST', '/v2/livestreams/start', { roomId: room, outputs: [{ url: keeper.url, streamKey: 'keeps' }] });
  await moment('the program', () => keeper.last?.frames.length > 60);
  const pushes = [];
  const recordings = [];
  for (let n = 0; n < runs; n++) {
    pushes.push(await push(rostrum, server, room));
    await rest(kRestMs * Math.random());
    recordings.push(await record(rostrum, watcher, room));
    await rest(kRestMs * Math.random());
  }
  console.log(`${runs} livestreams and recordings, one after another, 720p30 composed; ${machine()}\n`);
  const row = (name, values) => [name, ...[50, 95, 100].map((p) => percentile(values, p).toFixed(0))];
  const of = (results, key) => results.map((one) => one[key]);
  table(
    ['ms from POST to', 'p50', 'p95', 'max'],
    [
      row('answer', of(pushes, 'answer')),
      row('connection at the server', of(pushes, 'accept')),
      row('first media at the server', of(pushes, 'media')),
      row('first byte of a recording', of(recordings, 'file')),
    ],
  );
  await host.stop();
  await watcher.close();
} finally {
  await server.stop();
  await keeper.stop();
  await rostrum.stop();
}
