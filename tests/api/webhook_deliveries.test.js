// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What an operator sees and does of webhooks: receivers, dead letters, sending again, secrets.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { Webhook } from 'standardwebhooks';

import { until } from '../lib/deadline.js';
import { run } from '../lib/process.js';
import { kBuild, Rostrum } from '../lib/rostrum.js';
import { WebhookReceiver } from '../lib/webhook_receiver.js';

const kTypes = ['session-started', 'participant-joined', 'participant-left', 'session-ended'];

let rostrum;
let receiver;

before(async () => {
  receiver = await WebhookReceiver.start();
  rostrum = await Rostrum.start({ args: ['--empty-timeout', '1'] });
});
after(async () => {
  await rostrum?.stop();
  await receiver?.stop();
});

/** A room whose webhooks go to a URL of their own. */
async function roomWithReceiver(name) {
  const url = `${receiver.url}/${name}`;
  const room = await rostrum.room({ webhook: { endPoint: url } });
  const endpoint = () => until('the receiver is known', async () => (await endpoints()).find((one) => one.url === url));
  return { url, room, endpoint, received: () => receiver.arrivals.filter((one) => one.path.endsWith(`/${name}`)) };
}

const endpoints = async () => (await rostrum.ok('GET', '/v2/webhooks/endpoints?perPage=100')).data;
const deliveries = async (query) => (await rostrum.ok('GET', `/v2/webhooks/deliveries?${query}`)).data;

async function visit(room) {
  const client = await rostrum.events(room, { participantId: 'ann' });
  await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
  await client.closed;
}

const arrived = (received, count) => until(`${count} arrive`, () => received().length >= count, 20000);

async function cli(...args) {
  const env = { ROSTRUM_API_KEY: rostrum.credentials.key, ROSTRUM_API_SECRET: rostrum.credentials.secret };
  const answer = await run(path.join(kBuild, 'tools/rostrum/rostrum'), ['webhook', ...args, '--url', rostrum.url, '--state', rostrum.state], { env });
  return { ...answer, lines: answer.stdout.split('\n').filter(Boolean) };
}

test('a token for one room sees its deliveries without the address of the receiver', async () => {
  const { url, room } = await roomWithReceiver('seen?key=secret');
  await visit(room);
  await arrived(() => receiver.arrivals.filter((one) => one.path.includes('seen')), 4);
  const route = `/v2/webhooks/deliveries?roomId=${room}`;
  assert.ok((await rostrum.ok('GET', route)).data.every((one) => one.url === url));
  const { body } = await rostrum.call('GET', route, undefined, rostrum.hostToken(room));
  assert.deepEqual(new Set(body.data.map((one) => one.url)), new Set([null]));
  const one = await rostrum.call('GET', `/v2/webhooks/deliveries/${body.data[0].id}`, undefined, rostrum.hostToken(room));
  assert.equal(one.body.url, null);
});

test('a room is one lane per receiver: numbered from one, the same in body, header and list', async () => {
  const { room, received, endpoint } = await roomWithReceiver('lane');
  await visit(room);
  await visit(room);
  await arrived(received, 8);
  assert.deepEqual(
    received().map(({ type }) => type),
    [...kTypes, ...kTypes],
  );
  received().forEach(({ id, sequence, timestamp, headers, raw, data }, index) => {
    assert.equal(sequence, index + 1);
    assert.deepEqual([headers['webhook-id'], headers['webhook-sequence'], headers['webhook-attempt']], [id, String(sequence), '1']);
    assert.equal(raw, JSON.stringify({ webhookType: JSON.parse(raw).webhookType, data, id, sequence, timestamp }));
    assert.ok(Math.abs(Date.now() - Date.parse(timestamp)) < 60000);
  });
  const { id } = await endpoint();
  const listed = await until('all are delivered', async () => {
    const all = await deliveries(`state=delivered&endpointId=${id}`);
    return all.length === 8 && all;
  });
  assert.deepEqual(
    listed.map((one) => one.id),
    received()
      .map((one) => one.id)
      .reverse(),
  );
  const whole = await rostrum.ok('GET', `/v2/webhooks/deliveries/${listed[0].id}`);
  assert.deepEqual(whole, { ...listed[0], body: received().at(-1).raw });
  assert.deepEqual([whole.type, whole.roomId, whole.attempts, whole.lastStatus, whole.lastError], ['session-ended', room, 1, 200, null]);
  const page = await rostrum.ok('GET', `/v2/webhooks/deliveries?roomId=${room}&perPage=3&page=3`);
  assert.deepEqual([page.pageInfo.total, page.data.length], [8, 2]);
  const one = await rostrum.ok('GET', `/v2/webhooks/endpoints/${id}`);
  assert.deepEqual([one.enabled, one.breaker, one.waiting, one.dead, one.lastFailure], [true, 'closed', 0, 0, null]);
});

test('whoever names a URL, it is told once', async () => {
  const { url, room, received } = await roomWithReceiver('once');
  const ann = await rostrum.events(room, { participantId: 'ann' });
  const { id } = await rostrum.ok('POST', '/v2/recordings/start', { roomId: room, webhookUrl: url });
  await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
  await ann.closed;
  await until('the end is told', () => received().some(({ type }) => type === 'session-ended'), 30000);
  const told = received().filter(({ data }) => data.id === id);
  assert.equal(new Set(told.map(({ type }) => type)).size, told.length);
  const { webhook } = await until('all of it is delivered', async () => {
    const recording = await rostrum.ok('GET', `/v2/recordings/${id}`);
    return recording.webhook.successCount === recording.webhook.totalCount && recording;
  });
  assert.ok(webhook.totalCount >= 3);
  assert.deepEqual(
    webhook.data.slice(0, told.length),
    told.map(({ type }) => ({ type, success: true })),
  );
  assert.deepEqual((await rostrum.ok('GET', `/v2/recordings?roomId=${room}`)).data[0].webhook, webhook);
});

test('a receiver that fails in a row is left alone for a while; nothing is lost, and each room is told in order', async () => {
  const { url, received, room, endpoint } = await roomWithReceiver('breaker');
  const rooms = [room, ...(await Promise.all(Array.from({ length: 5 }, () => rostrum.room({ webhook: { endPoint: url } }))))];
  receiver.status = 503;
  await Promise.all(rooms.map(visit));
  const { id } = await endpoint();
  const one = () => rostrum.ok('GET', `/v2/webhooks/endpoints/${id}`);
  const broken = await until('it is left alone', async () => {
    const now = await one();
    return now.breaker !== 'closed' && now.waiting === 24 && now;
  });
  assert.ok(broken.enabled && broken.failures >= 5);
  assert.equal(broken.lastFailure.status, 503);
  const tried = (await deliveries(`state=waiting&endpointId=${id}`)).find(({ attempts }) => attempts > 0);
  assert.deepEqual([tried.type, tried.sequence, tried.lastStatus], ['session-started', 1, 503]);
  receiver.status = 200;
  await arrived(received, 24);
  for (const each of rooms)
    assert.deepEqual(
      received()
        .filter(({ data }) => data.meetingId === each)
        .map(({ type, sequence }) => [type, sequence]),
      kTypes.map((type, index) => [type, index + 1]),
    );
  const well = await until('it is served as before', async () => {
    const now = await one();
    return now.breaker === 'closed' && now.waiting === 0 && now;
  });
  assert.equal(well.failures, 0);
});

test('410 disables a receiver: what waits and what comes are dead letters, sent again in order when it is back', async () => {
  const { room, received, endpoint } = await roomWithReceiver('gone');
  receiver.status = 410;
  await visit(room);
  const { id } = await endpoint();
  const disabled = await until('it is disabled', async () => {
    const one = await rostrum.ok('GET', `/v2/webhooks/endpoints/${id}`);
    return !one.enabled && one.dead === 4 && one;
  });
  assert.match(disabled.disabledReason, /410/);
  receiver.status = 200;
  const dead = await deliveries(`state=dead&roomId=${room}`);
  assert.deepEqual(
    dead.map(({ type }) => type),
    [...kTypes].reverse(),
  );
  assert.equal((await rostrum.call('POST', `/v2/webhooks/deliveries/${dead[0].id}/resend`)).status, 409);
  assert.equal((await rostrum.call('POST', '/v2/webhooks/resend', { endpointId: id })).status, 409);

  assert.equal((await rostrum.ok('POST', `/v2/webhooks/endpoints/${id}/enable`)).enabled, true);
  assert.deepEqual(await rostrum.ok('POST', '/v2/webhooks/resend', { endpointId: id, roomId: room }), { count: 4, left: 0 });
  await arrived(received, 4);
  assert.deepEqual(
    received().map((one) => [one.id, one.sequence, one.type]),
    [...dead].reverse().map((one) => [one.id, one.sequence, one.type]),
  );
  await visit(room);
  await arrived(received, 8);
  assert.deepEqual(
    received().map(({ sequence }) => sequence),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  const again = await rostrum.ok('POST', `/v2/webhooks/deliveries/${dead[0].id}/resend`);
  assert.equal(again.state, 'waiting');
  await arrived(received, 9);
  assert.equal(received()[8].raw, received()[3].raw);
});

test('a receiver that is disabled by hand, by the shell', async () => {
  const { url, room, received, endpoint } = await roomWithReceiver('shell');
  await visit(room);
  await arrived(received, 4);
  const { id } = await endpoint();
  assert.equal((await cli('disable', String(id))).code, 0);
  await visit(room);
  await until('they are given up', async () => (await deliveries(`state=dead&endpointId=${id}`)).length === 4);
  const listed = await cli('endpoints');
  assert.match(
    listed.lines.find((line) => line.includes(url)),
    new RegExp(`^${id}\\b.*disabled.*4 dead`),
  );
  const dead = await cli('list', '--filter', 'dead', '--endpoint', String(id));
  assert.equal(dead.lines.length, 4);
  assert.match(dead.lines[3], /session-started/);
  const shown = await cli('show', dead.lines[3].split(/\s+/)[0]);
  assert.match(shown.stdout, /"webhookType":"session-started"/);
  assert.equal((await cli('enable', String(id))).code, 0);
  assert.equal((await cli('resend', '--endpoint', String(id))).code, 0);
  await arrived(received, 8);
  assert.equal((await cli('resend', dead.lines[3].split(/\s+/)[0])).code, 0);
  await arrived(received, 9);
  const wrong = await cli('resend', 'msg_none');
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /no such delivery/);
  assert.equal((await cli('resned')).code, 2);
});

test('a secret is rotated: both sign until the former one is retired, and a restart keeps it so', async () => {
  const { room, received } = await roomWithReceiver('secrets');
  const config = path.join(rostrum.state, 'rostrum.conf');
  const former = fs.readFileSync(config, 'utf8').match(/^webhook-secret\s*=\s*(\S+)$/m)[1];
  const { lines, stderr, code } = await cli('rotate-secret');
  assert.equal(code, 0, stderr);
  const [secret] = lines;
  assert.match(secret, /^whsec_/);
  assert.notEqual(secret, former);
  const again = await cli('rotate-secret');
  assert.equal(again.code, 1, 'the former one would be lost while receivers have it');
  assert.match(again.stderr, /two secrets sign already/);
  const verifies = (one, key) => {
    try {
      return Boolean(new Webhook(key).verify(one.raw, one.headers));
    } catch {
      return false;
    }
  };
  const last = async (count) => {
    await visit(room);
    await arrived(received, count);
    return received().at(-1);
  };
  let one = await last(4);
  assert.equal(one.headers['webhook-signature'].split(' ').length, 2);
  assert.deepEqual([verifies(one, secret), verifies(one, former)], [true, true]);
  await rostrum.program.stop();
  await rostrum.launch();
  one = await last(8);
  assert.deepEqual([verifies(one, secret), verifies(one, former)], [true, true]);
  assert.equal((await cli('retire-secret')).code, 0);
  one = await last(12);
  assert.deepEqual([verifies(one, secret), verifies(one, former)], [true, false]);
  assert.equal(fs.statSync(config).mode & 0o777, 0o600);
  const headers = { authorization: rostrum.token({ roles: ['crawler'] }), 'idempotency-key': 'rotation' };
  const keyed = await fetch(`${rostrum.url}/v2/webhooks/secret/rotate`, { method: 'POST', headers });
  const { secret: third } = await keyed.json();
  assert.match(third, /^whsec_/);
  for (const file of ['rostrum.db', 'rostrum.db-wal'])
    assert.ok(!fs.readFileSync(path.join(rostrum.state, file)).includes(third), 'no reply with a secret is kept');
  assert.equal((await rostrum.call('POST', '/v2/webhooks/secret/rotate')).status, 403, 'not with any token');
  assert.ok(!rostrum.program.stderr.includes(secret));
});

test('private addresses are told nothing, but for the one of the configuration', async () => {
  const guarded = await Rostrum.start({
    args: ['--webhook-url', `${receiver.url}/own`],
    env: { ROSTRUM_ALLOW_PRIVATE_DESTINATIONS: 'false' },
  });
  try {
    const room = await guarded.room({ webhook: { endPoint: `${receiver.url}/inside` } });
    const ann = await guarded.events(room, { participantId: 'ann' });
    const told = (name) => receiver.received.filter(({ path: at, data }) => at.endsWith(`/${name}`) && data.meetingId === room);
    await arrived(() => told('own'), 2);
    const refused = await until('the other one is refused', async () => {
      const { data } = await guarded.ok('GET', '/v2/webhooks/endpoints');
      return data.find(({ url, lastFailure }) => url.endsWith('/inside') && lastFailure);
    });
    assert.deepEqual([refused.trusted, refused.lastFailure.status, refused.waiting], [false, 0, 2]);
    assert.match(refused.lastFailure.error, /private|address/);
    assert.equal(told('inside').length, 0);
    await guarded.ok('POST', '/v2/sessions/end', { roomId: room });
    await ann.closed;
  } finally {
    await guarded.stop();
  }
});

test('webhook-max-age-hours: what would be older than that at its next attempt is a dead letter', async () => {
  const busy = await WebhookReceiver.start();
  busy.status = 503;
  busy.headers = { 'retry-after': '7200' };
  const tried = async (hours) => {
    const server = await Rostrum.start({ args: ['--webhook-max-age-hours', hours, '--webhook-url', busy.url] });
    try {
      const room = await server.room();
      await server.events(room, { participantId: 'ann' });
      return await until('it is tried', async () => {
        const { data } = await server.ok('GET', `/v2/webhooks/deliveries?roomId=${room}`);
        return data.find(({ attempts }) => attempts > 0);
      });
    } finally {
      await server.stop();
    }
  };
  try {
    const dead = await tried('1');
    assert.deepEqual([dead.state, dead.type, dead.attempts, dead.lastStatus], ['dead', 'session-started', 1, 503]);
    assert.match(dead.lastError, /max-age/);
    const waiting = await tried('3');
    assert.deepEqual([waiting.state, waiting.type, waiting.attempts], ['waiting', 'session-started', 1]);
    assert.ok(Math.abs(Date.parse(waiting.dueAt) - Date.now() - 7200000) < 300000, waiting.dueAt);
  } finally {
    await busy.stop();
  }
});

test('who may see what', async () => {
  const { room, received } = await roomWithReceiver('access');
  const other = await rostrum.room();
  await visit(room);
  await arrived(received, 4);
  const status = async (method, route, claims, body) => (await rostrum.call(method, route, body, rostrum.token(claims))).status;
  assert.equal(await status('GET', '/v2/webhooks/endpoints', { roomId: room }), 403);
  assert.equal(await status('GET', '/v2/webhooks/deliveries', { roomId: room }), 200);
  assert.equal(await status('GET', `/v2/webhooks/deliveries?roomId=${room}`, { roomId: other }), 403);
  assert.equal(await status('GET', `/v2/webhooks/deliveries/${received()[0].id}`, { roomId: other }), 403);
  assert.equal(await status('POST', `/v2/webhooks/deliveries/${received()[0].id}/resend`, { permissions: ['allow_join'] }), 403);
  assert.equal(await status('POST', '/v2/webhooks/endpoints/1/disable', { permissions: ['allow_join'] }), 403);
  const reads = ['/v2/webhooks/endpoints', '/v2/webhooks/endpoints/1', '/v2/webhooks/deliveries', `/v2/webhooks/deliveries/${received()[0].id}`];
  for (const route of reads) assert.equal(await status('GET', route, { permissions: ['allow_join'] }), 403, route); // URLs may hold secrets
  assert.equal(await status('GET', '/v2/webhooks/deliveries', { permissions: ['allow_join'], roomId: room }), 403);
  assert.equal(await status('GET', `/v2/webhooks/deliveries/msg_${crypto.randomBytes(16).toString('hex')}`, {}), 404);
  assert.equal(await status('GET', '/v2/webhooks/deliveries?state=lost', {}), 400);
  assert.equal(await status('POST', '/v2/webhooks/resend', {}, { endpointId: 4711 }), 404);
});
