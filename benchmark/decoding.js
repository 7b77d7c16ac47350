#!/usr/bin/env node
// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// decoding.js [SECONDS] ["2 4 9"]: CPU of a session process that composes hosts to 720p30: hosts that send three layers (320x180, 640x360,
// 1280x720), in a grid and with one in the spotlight, beside hosts that send only the largest. What the hosts cost is not counted.
// Needs `ninja -C build tests/elements/streamsrc/layered-hosts`.

import path from 'node:path';

import { until } from '../tests/lib/deadline.js';
import { Program, usage } from '../tests/lib/process.js';
import { kBuild, Rostrum } from '../tests/lib/rostrum.js';
import { machine, table } from './figures.js';

const seconds = Number(process.argv[2] ?? 10);
const counts = (process.argv[3] ?? '2 4 9').split(/\s+/).map(Number);
const kHosts = path.join(kBuild, 'tests/elements/streamsrc/layered-hosts');

const passed = (ms) => {
  const end = performance.now() + ms;
  return until('the time is over', () => performance.now() > end, ms + 2000);
};

async function cores(pid) {
  const [start, from] = [usage(pid), performance.now()];
  await passed(seconds * 1000);
  return ((usage(pid).cpu - start.cpu) / ((performance.now() - from) / 1000)).toFixed(3);
}

/** Publishes `count` hosts. */
async function publish(rostrum, room, count, layers) {
  const hosts = new Program(kHosts, [String(count), String(layers)], { stdin: 'pipe' });
  await until('all offers', () => hosts.lines.length === count, 120_000);
  for (const [i, offer] of hosts.lines.slice(0, count).entries()) {
    const whip = new URL(`/whip/${room}?participantId=host${i}`, rostrum.url);
    const headers = { authorization: `Bearer ${rostrum.hostToken(room)}`, 'content-type': 'application/sdp' };
    const answer = await fetch(whip, { method: 'POST', headers, body: Buffer.from(offer, 'base64') });
    if (answer.status !== 201) throw new Error(`WHIP answered ${answer.status}: ${await answer.text()}`);
    hosts.child.stdin.write(`${Buffer.from(await answer.text()).toString('base64')}\n`);
  }
  await hosts.line(/^sending$/);
  return hosts;
}

/** Which layers are decoded, as "video_1 x4". */
async function decoded(rostrum, sessionId) {
  const text = await rostrum.ok('GET', `/v2/sessions/${sessionId}/graph?format=running`);
  const layers = [...text.matchAll(/^decode:\w+:(video_\d)\/decoder/gm)].map(([, pad]) => pad);
  return [...new Set(layers)].sort().map((pad) => `${pad} x${layers.filter((one) => one === pad).length}`).join(', ');
}

async function measure(rostrum, count, layers, layouts) {
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const { sessionId } = watcher.joined;
  const hosts = await publish(rostrum, room, count, layers);
  const pid = await rostrum.sessionPid(sessionId);
  const rows = [];
  try {
    await watcher.next('program-changed', ({ mode }) => mode === 'composed');
    for (const type of layouts) {
      await rostrum.ok('PATCH', `/v2/rooms/${room}/composition`, { layout: { type } });
      await passed(4000); // for decoders to change
      rows.push([count, layers === 1 ? '720p' : 'three', type, await decoded(rostrum, sessionId), await cores(pid), (usage(pid).rssKib / 1024).toFixed(0)]);
    }
  } finally {
    hosts.child.stdin.end();
    await hosts.ended;
    await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
    await watcher.close();
  }
  return rows;
}

const rostrum = await Rostrum.start();
const rows = [];
try {
  for (const count of counts)
    for (const layers of [1, 3]) rows.push(...(await measure(rostrum, count, layers, ['GRID', 'SPOTLIGHT'])));
  console.log(`${seconds} s each, VP8 + Opus, composed to 720p30 H.264; ${machine()}\n`);
  table(['hosts', 'layers', 'layout', 'decoded', 'cores', 'RSS MiB'], rows);
} finally {
  await rostrum.stop();
}
