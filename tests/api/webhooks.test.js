// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { Webhook } from 'standardwebhooks';

import { until } from '../lib/deadline.js';
import { Rostrum } from '../lib/rostrum.js';
import { WebhookReceiver } from '../lib/webhook_receiver.js';

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

async function visit(room, participantId = 'ann') {
  const client = await rostrum.events(room, { participantId, name: participantId.toUpperCase() });
  await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
  await client.closed;
  return client.joined.sessionId;
}

const of = (sessionId) => receiver.received.filter(({ data }) => data.sessionId === sessionId);
const complete = (sessionId) => until('session-ended arrives', () => of(sessionId).some(({ type }) => type === 'session-ended'), 30000);

test('a session is told from start to end, in order and signed twice', async () => {
  const room = await rostrum.room({ webhook: { endPoint: receiver.url, events: ['*'] } });
  const id = await visit(room);
  await complete(id);
  const hooks = of(id);
  assert.deepEqual(
    hooks.map(({ type }) => type),
    ['session-started', 'participant-joined', 'participant-left', 'session-ended'],
  );
  assert.deepEqual(hooks[1].data, { meetingId: room, sessionId: id, participantId: 'ann', participantName: 'ANN' });
  assert.deepEqual([hooks[3].data.reason, hooks[3].data.start], ['ended', hooks[0].data.start]);
  assert.ok(hooks[3].data.end >= hooks[3].data.start);

  const { publicKey } = await (await fetch(`${rostrum.url}/v2/public/rsa-public-key`)).json();
  const config = fs.readFileSync(path.join(rostrum.state, 'rostrum.conf'), 'utf8');
  const secret = config.match(/^webhook-secret\s*=\s*(\S+)$/m)[1];
  for (const { raw, headers } of hooks) {
    assert.equal(raw, JSON.stringify(JSON.parse(raw)), 'compact, as JSON.stringify writes it');
    const verified = crypto.verify('RSA-SHA256', Buffer.from(raw), publicKey, Buffer.from(headers['videosdk-signature'], 'base64'));
    assert.ok(verified);
    assert.equal(new Webhook(secret).verify(raw, headers).webhookType, JSON.parse(raw).webhookType);
  }
  assert.equal(new Set(hooks.map(({ headers }) => headers['webhook-id'])).size, hooks.length);
});

test('a room gets the events that it asked for', async () => {
  const room = await rostrum.room({ webhook: { endPoint: receiver.url, events: ['session*'] } });
  const id = await visit(room);
  await complete(id);
  assert.deepEqual(
    of(id).map(({ type }) => type),
    ['session-started', 'session-ended'],
  );
});

test('the receiver is down for a while: nothing is lost, order holds, also when serve is killed meanwhile', async () => {
  const room = await rostrum.room({ webhook: { endPoint: receiver.url } });
  await receiver.down();
  const first = await visit(room);
  rostrum.program.child.kill('SIGKILL');
  await rostrum.program.ended;
  await rostrum.launch();
  const second = await visit(room, 'bob');
  await receiver.up();
  await complete(second);
  const expected = ['session-started', 'participant-joined', 'participant-left', 'session-ended'];
  assert.deepEqual(
    of(second).map(({ type }) => type),
    expected,
  );
  // What was reported before the kill comes first; at-least-once allows a repeat, never a gap.
  const told = of(first).map(({ type }) => type);
  assert.deepEqual([...new Set(told)].slice(0, 2), expected.slice(0, 2));
  assert.equal(told.at(-1), 'session-ended');
  assert.ok(receiver.received.indexOf(of(first).at(-1)) < receiver.received.indexOf(of(second)[0]));
});
