#!/usr/bin/env node
// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// api.js [seconds] [runs] [rooms] [sessions]: what `rostrum serve` does on one core: rooms created with durable storage, reads at a
// fixed rate while much is stored, the first and the last page of lists, tokens, and connections that come and go. The server has
// one processor, the load another. ROSTRUM_BUILD_DIR names the build tree (default: build).

import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import { usage } from '../tests/lib/process.js';
import { kBuild, Rostrum } from '../tests/lib/rostrum.js';
import { machine, percentile, table } from './figures.js';

const seconds = Number(process.argv[2] ?? 5);
const runs = Number(process.argv[3] ?? 3);
const rooms = Number(process.argv[4] ?? 10000);
const sessions = Number(process.argv[5] ?? 100000);
const kReadsPerSecond = 1000;
const kConnections = 10000; // opened and closed

const median = (values) => percentile(values, 50);
const program = (name) => path.join(kBuild, 'benchmark', name);

/** Requests to the server from another processor, and the server's time for them. */
function load(rostrum, requests, { connections = 64, rate = 0, time = seconds } = {}) {
  const port = new URL(rostrum.url).port;
  const cpu = usage(rostrum.pid).cpu;
  const { status, stdout, stderr } = spawnSync('taskset', ['-c', '1', program('api_load'), port, connections, time, rate].map(String), {
    input: requests.join('\n') + '\n',
    env: { ROSTRUM_TOKEN: rostrum.token() },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  const result = JSON.parse(stdout);
  if (result.refused) throw new Error(`${result.refused} requests were refused`);
  return { ...result, cpuUs: ((usage(rostrum.pid).cpu - cpu) * 1e6) / result.replies };
}

/** A server with much stored, on a processor of its own. */
async function started() {
  const rostrum = await Rostrum.start({ env: { ROSTRUM_REQUESTS_PER_KEY: '0' } });
  await rostrum.program.stop();
  const database = path.join(rostrum.state, 'rostrum.db');
  const ids = JSON.parse(execFileSync(program('api_fill'), [database, rooms, sessions].map(String), { encoding: 'utf8' }));
  await rostrum.launch();
  execFileSync('taskset', ['-acp', '0', String(rostrum.pid)], { stdio: 'ignore' });
  return { rostrum, ids, database };
}

/** Resident KiB over connections that each ask once, are left open and then end. */
async function growth(rostrum) {
  const { port } = new URL(rostrum.url);
  const one = async () => {
    const socket = net.connect(Number(port), '127.0.0.1');
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
    await once(socket, 'close');
  };
  const many = async (left) => {
    await Promise.all(Array.from({ length: 50 }, async () => { while (left-- > 0) await one(); })); // prettier-ignore
    await rostrum.ok('GET', '/healthz');
    return usage(rostrum.pid).rssKib;
  };
  const before = await many(kConnections / 4);
  return (await many(kConnections)) - before;
}

console.log(`${machine()}\n`);
const { rostrum, ids, database } = await started();
try {
  const created = Array.from({ length: runs }, () => load(rostrum, ['POST /v2/rooms {}']));
  const cpu = median(created.map(({ cpuUs }) => cpuUs));
  table(
    ['rooms created', 'per second', 'CPU µs each', 'of one core'],
    [['64 connections', median(created.map(({ perSecond }) => perSecond)), cpu.toFixed(0), `${(1e6 / cpu).toFixed(0)}/s`]],
  );
  console.log(`\na token: ${ids.tokenUs.toFixed(1)} µs\n`);

  const [room] = ids.rooms;
  const last = (total) => Math.ceil(total / 20);
  const total = async (list) => (await rostrum.ok('GET', `${list}${list.includes('?') ? '&' : '?'}perPage=20`)).pageInfo.total;
  const lists = ['/v2/rooms', '/v2/sessions', '/v2/sessions?status=ended', `/v2/sessions?roomId=${room}`, '/v2/recordings'];
  const pages = {};
  for (const list of lists) {
    const all = await total(list);
    const page = (n) => `${list}${list.includes('?') ? '&' : '?'}perPage=20&page=${n}`;
    pages[list] = { total: all, first: page(1), last: page(last(all)), beforeLast: page(Math.max(1, last(all) - 1)) };
  }
  table(
    ['list', 'rows', 'first page, CPU µs', 'last full page', 'ratio'],
    Object.entries(pages).map(([list, { total: rows, first, beforeLast }]) => {
      const [a, b] = [first, beforeLast].map((page) => median(Array.from({ length: runs }, () => load(rostrum, [`GET ${page}`], { connections: 4, time: 1 }).cpuUs)));
      return [list.replace(room, '…'), rows, a.toFixed(0), b.toFixed(0), (b / a).toFixed(2)];
    }),
  );

  const reads = [
    ...Object.values(pages).flatMap(({ first, last: end }) => [first, end]),
    ...ids.rooms.map((id) => `/v2/rooms/${id}`),
    ...ids.rooms.map((id) => `/v2/sessions?roomId=${id}`),
    ...ids.sessions.map((id) => `/v2/sessions/${id}`),
    ...ids.sessions.map((id) => `/v2/sessions/${id}/participants`),
    ...ids.sessions.map((id) => `/v2/recordings?sessionId=${id}`),
  ].map((route) => `GET ${route}`);
  const answered = Array.from({ length: runs }, () => load(rostrum, reads, { rate: kReadsPerSecond, connections: 128 }));
  const of = (name) => median(answered.map((run) => run[name]));
  console.log();
  table(
    ['reads', 'per second', 'p50 ms', 'p95', 'p99', 'max', 'CPU µs each'],
    [[`${rooms} rooms, ${sessions} sessions`, of('perSecond'), of('p50'), of('p95'), of('p99'), of('max'), of('cpuUs').toFixed(0)]],
  );
  console.log(`\n${kConnections} connections opened and closed: ${await growth(rostrum)} KiB more; database ${(fs.statSync(database).size / 2 ** 20).toFixed(0)} MiB`);
} finally {
  await rostrum.stop();
}
