// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Servers change from one misdeed to another, destinations come and go, all at random. The good server misses nothing, the process does
// not grow, and in the end everything that can be live is live. SOAK_SECONDS: how long; SOAK_SEED: one that was printed.

import assert from 'node:assert/strict';
import test, { after } from 'node:test';

import { until } from '../../lib/deadline.js';
import { HostileRtmp } from '../../lib/hostile_rtmp.js';
import { holdings, usage } from '../../lib/process.js';
import { Seeded } from '../../soak/seeded.js';
import { Driver } from '../driver/driver.js';
import { misdeeds } from './misdeeds.js';
import { checkFrames, live } from './pipelines.js';

const kSeconds = Number(process.env.SOAK_SECONDS ?? 30);
const kSeed = process.env.SOAK_SEED ?? String(Date.now());
const kServers = 12;
const kMaxMoreKib = 64 << 10; // after the first third, in which caches and arenas fill
const kLongestGapMs = 500; // of the good server's pictures: what a busy machine may cost

const servers = [];
let driver;
after(async () => {
  await driver?.kill();
  await Promise.all(servers.map((server) => server.stop()));
});

const kinds = [null, ...Object.entries(misdeeds).flatMap(([name, [misdeed]]) => (name.startsWith('tls') ? [] : [misdeed]))];

test(`misdeeds at random, seed ${kSeed}`, { timeout: kSeconds * 1000 + 120000 }, async () => {
  const over = performance.now() + kSeconds * 1000;
  const passed = (seconds) => {
    const end = Math.min(performance.now() + seconds * 1000, over);
    return until('time passes', () => performance.now() >= end, seconds * 1000 + 1000);
  };
  for (let i = 0; i <= kServers; i++) servers.push(await HostileRtmp.start());
  const [good, ...hostile] = servers;
  driver = new Driver(live());
  await driver.add('good', good.url, 'k3y');
  await until('the good server is served', () => good.last?.frames.length > 30);
  const before = holdings(driver.pid);

  const disturb = async (server, index) => {
    const chance = new Seeded(kSeed, `server ${index}`);
    for (let n = 0; performance.now() < over; n++) {
      const id = `${index}-${n}`;
      assert.ok((await driver.add(id, server.url, 'k3y')).added);
      for (const end = performance.now() + chance.between(2, 25) * 1000; performance.now() < Math.min(end, over);) {
        server.misdeed = chance.pick(kinds);
        await passed(chance.between(0.5, 8));
      }
      if (performance.now() < over) driver.command('remove', id);
    }
  };
  let third;
  const weigh = async () => {
    await passed(kSeconds / 3);
    third = usage(driver.pid).rssKib;
  };
  await Promise.all([weigh(), ...hostile.map(disturb)]);

  const more = usage(driver.pid).rssKib - third;
  assert.ok(more < kMaxMoreKib, `${more} KiB more than after the first third`);
  for (const server of hostile) server.reform();
  const { destinations } = await driver.ask('stats', 'rtmpegress-stats');
  for (const { id, state } of destinations) {
    if (state === 'failed' || id === 'good') continue;
    const server = hostile[Number(id.split('-')[0])];
    await until(`${id} is live`, () => server.last && !server.last.socket.destroyed && server.last.frames.length > 40, 60000);
    checkFrames(server.last);
  }
  await until('no thread and no socket is left behind', () => {
    const { threads, fds } = holdings(driver.pid);
    return threads - before.threads <= destinations.length - 1 && fds - before.fds <= 2 * (destinations.length - 1);
  });

  assert.equal(good.connections, 1);
  checkFrames(good.last);
  const times = good.last.frames.filter(({ kind, header }) => kind === 'video' && !header).map(({ timestamp }) => timestamp);
  const gap = Math.max(...times.slice(1).map((time, index) => time - times[index]));
  assert.ok(gap < kLongestGapMs, `a gap of ${gap} ms at the good server`);
  assert.equal(destinations.find(({ id }) => id === 'good').dropped, 0);
});
