// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// `serve` and the session processes are killed at any moment, while people come and go, outputs start and stop, and
// receivers are down. In the end every receiver was told a whole story, and REST says the same.
// PAIRING_RUNS: how many; PAIRING_SEED: one that was printed; PAIRING_FIRST: the run to begin with.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { NginxRtmp } from '../lib/nginx_rtmp.js';
import { sessionProcess } from '../lib/process.js';
import { Rostrum } from '../lib/rostrum.js';
import { WebhookReceiver } from '../lib/webhook_receiver.js';
import { Seeded } from './seeded.js';
import { checkSession, inOrder } from './webhook_invariants.js';

const kRuns = Number(process.env.PAIRING_RUNS ?? 3);
const kFirst = Number(process.env.PAIRING_FIRST ?? 1);
const kSeed = process.env.PAIRING_SEED ?? String(Date.now());
const kHostArgs = ['--pattern', 'black', '--width', '320', '--height', '180', '--framerate', '10', '--bitrate', '150', '--quiet'];
const kSettledMs = 60000; // a process that hangs is given up after 15 s, a receiver that was down is asked again after some seconds

const kOutputs = [
  { route: '/v2/recordings', wish: () => ({}) },
  { route: '/v2/recordings/participant', wish: () => ({ participantId: 'host' }) },
  { route: '/v2/recordings/participant/track', wish: () => ({ participantId: 'host', kind: 'video' }) },
  { route: '/v2/recordings/composite', wish: () => ({}) },
  { route: '/v2/livestreams', wish: () => ({ outputs: [{ url: nginx.url, streamKey: `key${streamKeys++}` }] }) },
  { route: '/v2/hls', wish: () => ({}) },
];

let rostrum;
let receiver;
let nginx;
let streamKeys = 0;
const tally = new Map(); // what was told how often
const killed = { serve: 0, session: 0 };
let dying; // while `serve` is killed and started again

before(async () => {
  console.log(`seed ${kSeed}, runs ${kFirst} to ${kFirst + kRuns - 1}`);
  receiver = await WebhookReceiver.start();
  nginx = await NginxRtmp.start({ records: false });
  rostrum = await Rostrum.start({ args: ['--empty-timeout', '1', '--webhook-url', `${receiver.url}/all`] });
});
after(async () => {
  await rostrum?.stop();
  await receiver?.stop();
  await nginx?.stop();
});

/** One room in which everything happens at once. */
class Room {
  constructor(chance, id, over) {
    Object.assign(this, { chance, id, over });
  }

  get isOver() {
    return performance.now() >= this.over;
  }

  pause(low, high) {
    const end = Math.min(performance.now() + this.chance.between(low, high) * 1000, this.over);
    return until('a moment passes', () => performance.now() >= end, 20000);
  }

  /** Asks, and perhaps kills the server while it is at it. */
  async ask(step) {
    const asked = this.attempt(step);
    if (this.chance.next() < 0.15) {
      await shortly(this.chance.between(0, 25));
      await killServe(this.chance);
    }
    return asked;
  }

  /** A server that was just killed answers nobody. */
  async attempt(step) {
    try {
      return await step();
    } catch {
      return undefined;
    }
  }

  async visit(participantId) {
    while (!this.isOver) {
      const client = await this.ask(() => rostrum.events(this.id, { participantId, mode: 'SIGNALLING_ONLY' }));
      await this.pause(0.1, 2.5);
      if (client && this.chance.next() < 0.6) client.socket.terminate();
      await this.pause(0, 0.8);
    }
  }

  async publish() {
    while (!this.isOver) {
      const host = await this.attempt(() => rostrum.testHost(this.id, { participantId: 'host', args: kHostArgs }));
      await this.pause(1, 5);
      if (host && this.chance.next() < 0.7) host.child.kill(this.chance.pick(['SIGKILL', 'SIGTERM']));
      await this.pause(0.2, 1);
    }
  }

  async output({ route, wish }) {
    while (!this.isOver) {
      await this.pause(0, 1.5);
      const wished = wish();
      const { participantId, kind } = wished;
      const started = await this.ask(() => rostrum.call('POST', `${route}/start`, { roomId: this.id, ...wished }));
      await this.pause(0.2, 3);
      if (started?.status === 200 && this.chance.next() < 0.7)
        await this.ask(() => rostrum.call('POST', `${route}/stop`, { roomId: this.id, participantId, kind, id: started.body.id }));
    }
  }

  async chaos() {
    const visitors = ['ann', 'bob'].map((name) => this.visit(name));
    const outputs = kOutputs.filter(() => this.chance.next() < 0.6).map((output) => this.output(output));
    await Promise.all([...visitors, ...outputs, ...(this.chance.next() < 0.6 ? [this.publish()] : [])]);
  }
}

/** To the millisecond. */
async function shortly(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end) await new Promise(setImmediate);
}

async function killAndLaunch(chance) {
  rostrum.program.child.kill('SIGKILL');
  killed.serve++;
  await rostrum.program.ended;
  const end = performance.now() + chance.between(0, 800);
  await until('it stays away', () => performance.now() >= end);
  await rostrum.launch();
}

/** One at a time. */
function killServe(chance) {
  dying ??= killAndLaunch(chance).finally(() => (dying = undefined));
  return dying;
}

async function killSession(chance, rooms) {
  const sessions = await Promise.all(rooms.map(({ id }) => rostrum.call('GET', `/v2/sessions?roomId=${id}`).catch(() => undefined)));
  const ongoing = sessions.flatMap((answer) => answer?.body?.data ?? []).filter(({ status }) => status === 'ongoing');
  const pid = ongoing.length && sessionProcess(chance.pick(ongoing).id);
  if (!pid) return;
  process.kill(pid, 'SIGKILL');
  killed.session++;
}

/** Kills until it is over. */
async function murder(chance, rooms, over) {
  while (performance.now() < over) {
    const next = performance.now() + chance.between(200, 1800);
    await until('a moment passes', () => performance.now() >= Math.min(next, over));
    if (performance.now() >= over) return;
    const what = chance.next();
    receiver.status = chance.next() < 0.2 ? 503 : 200;
    if (what < 0.35) await killSession(chance, rooms);
    else if (what < 0.45) await Promise.all([killSession(chance, rooms), killServe(chance)]);
    else await killServe(chance);
  }
}

/** Asks for the end in one of the ways that there are, perhaps with a kill at that moment. */
async function end(chance, room) {
  const ways = [
    () => rostrum.call('POST', '/v2/sessions/end', { roomId: room.id }),
    () => rostrum.call('POST', '/v2/rooms/deactivate', { roomId: room.id }),
  ];
  const asked = room.attempt(chance.pick(ways));
  if (chance.next() < 0.4) {
    await shortly(chance.between(0, 100));
    await killServe(chance);
  }
  await asked;
}

const list = async (route) => {
  const all = [];
  for (let page = 1; ; page++) {
    const { pageInfo, data } = await rostrum.ok('GET', `${route}&perPage=100&page=${page}`);
    all.push(...data);
    if (page >= pageInfo.lastPage) return all;
  }
};

async function settled(room) {
  await until(
    'all sessions of the room are over',
    async () => {
      const sessions = await list(`/v2/sessions?roomId=${room.id}`);
      for (const { id, status } of sessions)
        if (status === 'ongoing') await room.attempt(() => rostrum.call('POST', '/v2/sessions/end', { roomId: room.id, sessionId: id }));
      return sessions.every(({ status }) => status === 'ended');
    },
    kSettledMs,
  );
  await until(
    'all files are looked after',
    async () => {
      const routes = kOutputs.map(({ route }) => route).filter((route) => route.startsWith('/v2/recordings'));
      const recordings = await Promise.all(routes.map((route) => list(`${route}?roomId=${room.id}`)));
      return recordings.flat().every(({ processing }) => processing === 'completed' || processing === 'failed');
    },
    kSettledMs,
  );
  await until(
    'nothing waits to be told',
    async () => (await list(`/v2/webhooks/deliveries?state=waiting&roomId=${room.id}`)).length === 0,
    kSettledMs,
  );
}

async function checkAgainstRest(room, told) {
  const sessions = await list(`/v2/sessions?roomId=${room.id}`);
  assert.deepEqual(sessions.map(({ id }) => id).sort(), [...told.keys()].sort());
  for (const [id, { stays }] of told) {
    const { data } = await rostrum.ok('GET', `/v2/sessions/${id}/participants?perPage=100`);
    const stored = data.participants.map(({ participantId, timelog }) => [participantId, timelog.length]);
    assert.deepEqual(Object.fromEntries(stored), Object.fromEntries(stays), `who was in ${id}`);
    for (const { timelog } of data.participants) assert.ok(timelog.every((stay) => stay.end));
  }
  const outputs = new Map([...told.values()].flatMap((session) => [...session.outputs]));
  let seen = 0;
  for (const { route } of kOutputs)
    for (const { id, status, end: over, webhook } of await list(`${route}?roomId=${room.id}`)) {
      const { steps } = outputs.get(id);
      const last = steps.filter(({ step }) => step === 'stopped' || step === 'failed').at(-1);
      assert.ok(over, `${route} ${id} is over`);
      assert.ok(status === last.step || (status === 'stopped' && last.resumes), `${route} ${id}: ${status}, told ${last.step}`);
      assert.equal(webhook.totalCount, 2 * steps.length, `${route} ${id}: told to two receivers`);
      assert.equal(webhook.successCount, webhook.totalCount);
      seen++;
    }
  assert.equal(seen, outputs.size);
}

async function run(number) {
  const chance = new Seeded(kSeed, `run ${number}`);
  const over = performance.now() + chance.between(2500, 5000);
  const rooms = [];
  for (let i = 0; i <= (chance.next() < 0.4 ? 1 : 0); i++) {
    const id = await rostrum.room({ webhook: { endPoint: `${receiver.url}/room` }, multiComposition: { recording: true, rtmp: true, hls: true } });
    rooms.push(new Room(new Seeded(kSeed, `run ${number} room ${i}`), id, over));
  }
  await Promise.all([...rooms.map((room) => room.chaos()), murder(chance, rooms, over)]);
  receiver.status = 200;
  await dying;
  for (const room of rooms) await end(chance, room);
  for (const room of rooms) await settled(room);
  for (const room of rooms) {
    const stories = ['/all', '/room'].map((path) =>
      inOrder(receiver.arrivals.filter((one) => one.path.endsWith(path) && one.data.meetingId === room.id)),
    );
    assert.deepEqual(...stories.map((story) => story.map(({ type, data }) => ({ type, data }))), 'both are told the same');
    const told = new Map();
    for (const id of new Set(stories[0].map(({ data }) => data.sessionId)))
      told.set(id, checkSession(stories[0].filter(({ data }) => data.sessionId === id)));
    await checkAgainstRest(room, told);
    for (const { type } of stories[0]) tally.set(type, (tally.get(type) ?? 0) + 1);
  }
  receiver.received = [];
  receiver.arrivals = [];
}

test('every story is whole', { timeout: kRuns * 90000 }, async () => {
  for (let number = kFirst; number < kFirst + kRuns; number++) {
    try {
      await run(number);
    } catch (error) {
      console.log(`this was PAIRING_SEED=${kSeed} PAIRING_FIRST=${number}`);
      throw error;
    }
  }
  console.log([...tally].map(([type, count]) => `${type} ${count}`).join(', '));
  const total = [...tally.values()].reduce((sum, count) => sum + count, 0);
  console.log(`${total} events in ${kRuns} runs; killed: serve ${killed.serve} times, sessions ${killed.session} times`);
  assert.ok(killed.serve > 0);
  if (kRuns >= 20) assert.ok(killed.session > 0);
  assert.ok(total > kRuns * 4);
});
