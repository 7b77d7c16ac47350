// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Outputs are toggled, RTMP servers die and freeze, hosts drop, all at random. In the end every file is whole, sound
// and picture are together, and every push that can be live is live.
// CHAOS_SECONDS: how long; CHAOS_SEED: one that was printed.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { decodeErrors, flashesAndBeeps, packetTimes, soundAfterPicture } from '../lib/media_file.js';
import { NginxRtmp } from '../lib/nginx_rtmp.js';
import { usage } from '../lib/process.js';
import { Rostrum } from '../lib/rostrum.js';
import { Seeded } from './seeded.js';
import { live, ToggledHls, ToggledLivestream, ToggledRecording } from './toggled_outputs.js';

const kSeconds = Number(process.env.CHAOS_SECONDS ?? 40);
const kSeed = process.env.CHAOS_SEED ?? String(Date.now());
const kServers = 3;
const kSyncLimitMs = 80;
const kSyncWorstMs = 200;
const kSyncStrays = 0.1; // share of flashes, or one: what a full machine brings late is shown late, and of late sound the beginning is missing
const kFlashLuma = 60; // one white tile of two; without a flash the picture is black but for a clock
const kFlashEverySeconds = 1; // the first one after ann came back is not looked at: her clocks are not known before a report of hers
const kLiveAgainMs = 60000; // above the longest wait between two attempts
const kGrowth = 1.5; // of memory from a third of the time to its end, at most
const kLongestGapSeconds = 0.5; // in a file that records all the time: a busy machine may lose pictures, nothing else may

const kRecordings = [
  { kind: 'recording', route: '/v2/recordings' },
  { kind: 'participant-recording', route: '/v2/recordings/participant', whose: { participantId: 'ann' }, more: { fileFormat: 'webm' } },
  { kind: 'participant-track-recording', route: '/v2/recordings/participant/track', whose: { participantId: 'bob', kind: 'video' } },
];

let rostrum;
let watcher;
let room;
let over; // performance.now() at which the chaos ends
const servers = [];
const hosts = new Map();

const passed = (seconds) => {
  const end = Math.min(performance.now() + seconds * 1000, over);
  return until('time passes', () => performance.now() >= end, seconds * 1000 + 1000);
};

async function appear(participantId) {
  const quiet = participantId === 'ann' ? [] : ['--quiet'];
  const args = ['--pattern', 'black', '--width', '640', '--height', '360', '--bitrate', '500', ...quiet];
  hosts.set(participantId, await rostrum.testHost(room, { participantId, args }));
}

/** Does `step` again and again until the chaos is over. */
async function act(name, step) {
  const chance = new Seeded(kSeed, name);
  while (performance.now() < over) await step(chance);
}

async function disturbHost(participantId, chance) {
  await passed(chance.between(4, 20));
  const signal = chance.pick(['SIGKILL', 'SIGTERM']);
  hosts.get(participantId).child.kill(signal);
  await hosts.get(participantId).ended;
  await passed(chance.between(0.5, 12));
  await appear(participantId);
}

async function disturbServer(server, chance) {
  await passed(chance.between(3, 15));
  if (chance.next() < 0.5) {
    server.program.child.kill('SIGSTOP');
    await passed(chance.between(1, 20));
    server.program.child.kill('SIGCONT');
    return;
  }
  server.program.child.kill('SIGKILL');
  await server.program.ended;
  await passed(chance.between(0.5, 8));
  await server.launch();
}

async function toggle(output, chance) {
  if (!output.running) await output.start();
  await passed(chance.between(4, 15));
  if (performance.now() >= over) return;
  await output.stop();
  await passed(chance.between(0, 2));
}

/** Nothing is missing or twice; the sound goes with the picture. */
async function checkFile(file, { whole = false } = {}) {
  assert.equal(await decodeErrors(file), '', file);
  const times = await packetTimes(file, 'v');
  for (let i = 1; i < times.length; i++) {
    assert.ok(times[i] > times[i - 1], `${file}: ${times[i]} after ${times[i - 1]}`);
    if (whole) assert.ok(times[i] - times[i - 1] < kLongestGapSeconds, `${file}: nothing from ${times[i - 1]} to ${times[i]}`);
  }
  const { flashes, beeps } = await flashesAndBeeps(file, { luma: kFlashLuma });
  const steady = flashes.filter((flash, index) => flash - flashes[index - 1] < kFlashEverySeconds * 1.2);
  const offsets = soundAfterPicture({ flashes: steady, beeps });
  const beyond = (limit) => offsets.filter((offset) => Math.abs(offset) > limit).length;
  const together = beyond(kSyncLimitMs) <= Math.max(1, offsets.length * kSyncStrays) && beyond(kSyncWorstMs) === 0;
  assert.ok(together, `${file}: sound, ms after the picture: ${offsets.join(' ')}`);
  return offsets.length;
}

before(async () => {
  console.log(`seed ${kSeed}, ${kSeconds} s`);
  rostrum = await Rostrum.start();
  for (let i = 0; i < kServers; i++) servers.push(await NginxRtmp.start());
  room = await rostrum.room({ multiComposition: { rtmp: true, recording: true, hls: true } });
  watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
});

after(async () => {
  for (const server of servers) {
    server.program.child.kill('SIGCONT');
    await server.stop();
  }
  await rostrum?.stop();
});

test('outputs hold', { timeout: (kSeconds * 3 + 300) * 1000 }, async () => {
  over = performance.now() + kSeconds * 1000;
  await Promise.all(['ann', 'bob'].map(appear));
  const session = await rostrum.sessionPid(watcher.joined.sessionId);
  const pushes = servers.map((server, index) => new ToggledLivestream(rostrum, watcher, room, server, `push${index}`));
  const recordings = kRecordings.map((as) => new ToggledRecording(rostrum, watcher, room, as));
  const hls = new ToggledHls(rostrum, watcher, room);
  const witness = new ToggledRecording(rostrum, watcher, room, kRecordings[0]);
  await witness.start();
  let early;
  const third = over - (kSeconds * 1000 * 2) / 3;
  await Promise.all([
    until('a third is over', () => performance.now() > third, kSeconds * 1000).then(() => (early = usage(session).rssKib)),
    ...['ann', 'bob'].map((id) => act(id, (chance) => disturbHost(id, chance))),
    ...servers.map((server, index) => act(`server${index}`, (chance) => disturbServer(server, chance))),
    ...[...pushes, ...recordings, hls].map((output, index) => act(`output${index}`, (chance) => toggle(output, chance))),
  ]);
  assert.equal(await rostrum.sessionPid(watcher.joined.sessionId), session, 'it is the same process');
  const { rssKib, cpu } = usage(session);
  console.log(`${Math.round(early / 1024)} to ${Math.round(rssKib / 1024)} MiB, ${Math.round(cpu)} s of CPU`);
  assert.ok(rssKib < early * kGrowth, 'memory does not grow');

  for (const push of pushes) if (!push.running) await push.start();
  for (const push of pushes) await live(push, kLiveAgainMs);
  for (const output of [...pushes, ...recordings, hls, witness]) if (output.running) await output.stop();

  const pairs = await checkFile(witness.files[0], { whole: true });
  assert.ok(pairs > kSeconds / 10, `${pairs} flashes with a beep`);
  assert.equal(witness.files.length, 1);
  for (const file of recordings.flatMap((recording) => recording.files)) await checkFile(file);
  for (const push of pushes) await checkFile(push.server.recorded(push.streamKey));
  for (const playlist of hls.playlists) assert.equal(await decodeErrors(playlist), '', playlist);
  const starts = [...pushes, ...recordings, hls].map((output) => output.starts).join(' ');
  console.log(`starts: ${starts}; ${pairs} flashes with their beep in the witness`);
});
