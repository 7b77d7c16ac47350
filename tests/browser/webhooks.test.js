// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import test, { after, before } from 'node:test';

import { Webhook } from 'standardwebhooks';

import { until } from '../lib/deadline.js';
import { NginxRtmp } from '../lib/nginx_rtmp.js';
import { Rostrum } from '../lib/rostrum.js';
import { WebhookReceiver } from '../lib/webhook_receiver.js';

const kSecret = `whsec_${crypto.randomBytes(24).toString('base64')}`;
const kWanted = [
  'session-started',
  'participant-joined',
  'livestream-starting',
  'livestream-started',
  'recording-starting',
  'recording-started',
  'recording-stopping',
  'recording-stopped',
  'livestream-stopping',
  'livestream-stopped',
  'participant-left',
  'session-ended',
];

let rostrum;
let nginx;
let receiver;
let publicKey;

before(async () => {
  receiver = await WebhookReceiver.start();
  rostrum = await Rostrum.start({ args: ['--webhook-url', receiver.url], env: { ROSTRUM_WEBHOOK_SECRET: kSecret } });
  nginx = await NginxRtmp.start();
  ({ publicKey } = await (await fetch(new URL('/v2/public/rsa-public-key', rostrum.url))).json());
});

after(async () => {
  await nginx?.stop();
  await rostrum?.stop();
  await receiver?.stop();
});

function checkSignatures({ raw, headers }) {
  assert.ok(
    crypto.verify('RSA-SHA256', Buffer.from(raw), publicKey, Buffer.from(headers['videosdk-signature'], 'base64')),
    'videosdk-signature',
  );
  new Webhook(kSecret).verify(raw, headers); // throws when it does not hold
  assert.throws(() => new Webhook(kSecret).verify(`${raw} `, headers));
  assert.equal(raw, JSON.stringify(JSON.parse(raw)), 'compact, so that re-serialising verifiers work');
}

async function wholeFlow(room) {
  const watcher = await rostrum.events(room, { participantId: 'watcher', name: 'Watcher', mode: 'SIGNALLING_ONLY' });
  const host = await rostrum.testHost(room, { participantId: 'ann', name: 'Ann' });
  await watcher.next('stream-enabled');
  const step = async (path, body, event, status) => {
    await rostrum.ok('POST', path, { roomId: room, ...body });
    await watcher.next(event, (data) => data.status === status);
  };
  await step('/v2/livestreams/start', { outputs: [{ url: nginx.url, streamKey: room }] }, 'livestream-state-changed', 'LIVESTREAM_STARTED');
  await step('/v2/recordings/start', {}, 'recording-state-changed', 'RECORDING_STARTED');
  await step('/v2/recordings/end', {}, 'recording-state-changed', 'RECORDING_STOPPED');
  await step('/v2/livestreams/end', {}, 'livestream-state-changed', 'LIVESTREAM_STOPPED');
  await host.stop();
  await watcher.next('participant-left', ({ participantId }) => participantId === 'ann');
  await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
  await watcher.next('session-ended');
  return watcher.joined.sessionId;
}

/** Each wanted type once at least, their first occurrences in the wanted order, nothing twice. */
function checkOrder(deliveries) {
  const types = deliveries.map(({ type }) => type);
  const places = kWanted.map((type) => types.indexOf(type));
  assert.ok(
    places.every((place) => place >= 0),
    `missing: ${kWanted.filter((type) => !types.includes(type))}; seen: ${types}`,
  );
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
    types.join(' '),
  );
  const ids = deliveries.map(({ headers }) => headers['webhook-id']);
  assert.equal(new Set(ids).size, ids.length, 'no delivery twice');
}

const of = (room) => receiver.received.filter(({ data }) => (data.meetingId ?? data.roomId) === room);

test('the whole flow arrives in order, signed twice', { timeout: 90000 }, async () => {
  const room = await rostrum.room();
  const sessionId = await wholeFlow(room);
  await until('session-ended is delivered', () => of(room).some(({ type }) => type === 'session-ended'));
  const deliveries = of(room);
  checkOrder(deliveries);
  for (const delivery of deliveries) {
    checkSignatures(delivery);
    assert.equal(delivery.data.meetingId, room);
    assert.equal(delivery.data.sessionId, sessionId);
  }
  const joined = deliveries.filter(({ type }) => type === 'participant-joined').map(({ data }) => data.participantName);
  assert.deepEqual(joined.sort(), ['Ann', 'Watcher']);
  const stopped = deliveries.find(({ type }) => type === 'recording-stopped');
  assert.ok(stopped.data.filePath);
});

test('the receiver is down for a while: nothing is lost, the order holds', { timeout: 120000 }, async () => {
  const room = await rostrum.room();
  await receiver.down();
  await wholeFlow(room);
  await receiver.up();
  await until('session-ended is delivered', () => of(room).some(({ type }) => type === 'session-ended'), 60000);
  checkOrder(of(room));
  of(room).forEach(checkSignatures);
});

test('deliveries survive a restart of the server', { timeout: 120000 }, async () => {
  const room = await rostrum.room();
  await receiver.down();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
  await watcher.next('session-ended');
  await rostrum.program.stop();
  await receiver.up();
  await rostrum.launch();
  await until('session-ended is delivered', () => of(room).some(({ type }) => type === 'session-ended'), 60000);
  const types = of(room).map(({ type }) => type);
  assert.deepEqual(
    types.filter((type) => type.startsWith('session-')),
    ['session-started', 'session-ended'],
  );
});

test('a room has its own webhook, filtered by event names', async () => {
  const own = await WebhookReceiver.start();
  const room = await rostrum.room({ webhook: { endPoint: own.url, events: ['session-*'] } });
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
  await watcher.next('session-ended');
  await own.next('session-ended');
  assert.deepEqual(own.types(), ['session-started', 'session-ended']);
  own.received.forEach(checkSignatures);
  await own.stop();
});

test('secrets lie in files that only the owner reads', () => {
  for (const name of fs.readdirSync(rostrum.state).filter((one) => /\.(conf|pem)$/.test(one))) {
    assert.equal(fs.statSync(`${rostrum.state}/${name}`).mode & 0o077, 0, name);
  }
});
