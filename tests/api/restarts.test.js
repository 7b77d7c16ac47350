// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { sessionProcess as pidOf } from '../lib/process.js';
import { Rostrum } from '../lib/rostrum.js';
import { WebhookReceiver } from '../lib/webhook_receiver.js';

let rostrum;
let receiver;

before(async () => {
  receiver = await WebhookReceiver.start();
  rostrum = await Rostrum.start({ args: ['--empty-timeout', '1', '--webhook-url', receiver.url] });
});
after(async () => {
  await rostrum?.stop();
  await receiver?.stop();
});

const running = (sessionId) => until(`a process of ${sessionId} runs`, () => pidOf(sessionId));
const ready = (sessionId) =>
  until('the session answers', async () => (await rostrum.call('GET', `/v2/sessions/${sessionId}/graph`)).status === 200);
const over = (sessionId) => until('the session is over', async () => (await rostrum.ok('GET', `/v2/sessions/${sessionId}`)).end, 20000);
const types = (sessionId) =>
  receiver.received
    .filter(({ data }) => data.sessionId === sessionId)
    .map(({ type, data }) => [type, data.participantId].filter(Boolean).join(' '));

async function killServe() {
  rostrum.program.child.kill('SIGKILL');
  await rostrum.program.ended;
}

/** A session whose process runs. */
async function sessionOfAnn() {
  const room = await rostrum.room();
  const ann = await rostrum.events(room, { participantId: 'ann' });
  const id = ann.joined.sessionId;
  await ready(id);
  const pid = await running(id);
  return { room, ann, id, pid };
}

/** The webhooks of a session in which only ann was, once. */
async function toldOnce(id) {
  await until('all webhooks', () => types(id).includes('session-ended'), 20000);
  assert.deepEqual(types(id), ['session-started', 'participant-joined ann', 'participant-left ann', 'session-ended']);
}

test('a session process that is killed comes back, and everybody is told', async () => {
  const room = await rostrum.room();
  const ann = await rostrum.events(room, { participantId: 'ann' });
  const id = ann.joined.sessionId;
  for (let round = 0; round < 2; round++) {
    await ready(id);
    const from = ann.messages.length;
    const pid = await running(id);
    process.kill(pid, 'SIGKILL');
    await ann.next('session-restarted', undefined, { from });
    assert.notEqual(await running(id), pid);
  }
  await ready(id);
  assert.ok(!ann.names().includes('session-ended'));
  await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
  await ann.next('session-ended');
  await over(id);
  await receiver.next('session-ended');
  assert.deepEqual(types(id), ['session-started', 'participant-joined ann', 'participant-left ann', 'session-ended']);
  assert.equal(pidOf(id), undefined);
});

test('serve is killed and started again: the session never noticed, who comes back is still in it', async () => {
  const room = await rostrum.room();
  const ann = await rostrum.events(room, { participantId: 'ann', name: 'Ann' });
  const bob = await rostrum.events(room, { participantId: 'bob', name: 'Bob' });
  const id = ann.joined.sessionId;
  await ready(id);
  const pid = await running(id);
  await killServe();
  await Promise.all([ann.closed, bob.closed]);
  assert.equal(await running(id), pid, 'the process goes on alone');

  await rostrum.launch();
  await ready(id);
  assert.equal(await running(id), pid, 'and is adopted');
  const again = await rostrum.events(room, { participantId: 'ann' });
  assert.equal(again.joined.sessionId, id);
  assert.deepEqual(
    again.joined.participants.map(({ participantId, name }) => [participantId, name]),
    [
      ['ann', 'Ann'],
      ['bob', 'Bob'],
    ],
  );
  const left = await again.next('participant-left', undefined, { timeoutMs: 20000 });
  assert.deepEqual([left.data.participantId, left.data.reason], ['bob', 'disconnected'], 'who does not come back has left');
  await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
  await again.next('session-ended');
  await over(id);
  await until('all webhooks', () => types(id).includes('session-ended'));
  assert.deepEqual(types(id), [
    'session-started',
    'participant-joined ann',
    'participant-joined bob',
    'participant-left bob',
    'participant-left ann',
    'session-ended',
  ]);
  await until('the process is gone', () => !fs.existsSync(`/proc/${pid}`));
});

test('serve is started again, and the session does not answer yet: who comes back meanwhile never left', async () => {
  const { room, id, pid } = await sessionOfAnn();
  await killServe();
  process.kill(pid, 'SIGSTOP');
  try {
    await rostrum.launch();
    const again = await rostrum.events(room, { participantId: 'ann' });
    assert.equal(again.joined.sessionId, id);
    process.kill(pid, 'SIGCONT');
    await ready(id);
    await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
    await again.next('session-ended');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await toldOnce(id);
});

test('serve is started again, and the session hangs: it is killed, and does not go on unseen', async () => {
  const { id, pid } = await sessionOfAnn();
  await killServe();
  process.kill(pid, 'SIGSTOP');
  try {
    await rostrum.launch();
    await until('the process is gone', () => !fs.existsSync(`/proc/${pid}`), 45000);
  } finally {
    if (fs.existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGCONT');
  }
  await over(id);
  assert.equal((await rostrum.ok('GET', `/v2/sessions/${id}`)).reason, 'failed');
  await toldOnce(id);
});

test('serve is killed while a session ends: it ends on the next start, and nobody joins it any more', async () => {
  const { room, id, pid } = await sessionOfAnn();
  process.kill(pid, 'SIGSTOP');
  try {
    await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
    await killServe();
    await rostrum.launch();
    const session = await rostrum.ok('GET', `/v2/sessions/${id}`);
    assert.deepEqual([session.status, session.reason], ['ongoing', undefined]);
    const bob = await rostrum.events(room, { participantId: 'bob' });
    assert.notEqual(bob.joined.sessionId, id);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await over(id);
  assert.equal((await rostrum.ok('GET', `/v2/sessions/${id}`)).reason, 'ended');
  await toldOnce(id);
  await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
});

test('serve and session are both killed: the session is closed properly on the next start', async () => {
  const { id, pid } = await sessionOfAnn();
  await receiver.next('participant-joined');
  await killServe();
  process.kill(pid, 'SIGKILL');
  await rostrum.launch();
  await over(id);
  assert.equal((await rostrum.ok('GET', `/v2/sessions/${id}`)).reason, 'failed');
  await until('all webhooks', () => types(id).includes('session-ended'));
  assert.deepEqual(types(id).slice(-2), ['participant-left ann', 'session-ended']);
  const sockets = fs.readdirSync(path.join(rostrum.directory.path, 'run/sessions'));
  assert.ok(!sockets.includes(`${id}.sock`), 'no socket is left behind');
});

test('a process that belongs to no session is ended', async () => {
  const { pid } = await sessionOfAnn();
  await killServe();
  for (const name of fs.readdirSync(rostrum.state)) if (name.startsWith('rostrum.db')) fs.rmSync(path.join(rostrum.state, name));
  await rostrum.launch();
  await until('the orphan ends', () => !fs.existsSync(`/proc/${pid}`), 20000);
});

test('SIGTERM leaves sessions running, or ends them when asked to', async () => {
  const { ann, id, pid } = await sessionOfAnn();
  assert.equal((await rostrum.program.stop()).code, 0);
  assert.equal((await ann.closed).code, 1001);
  assert.equal(await running(id), pid);
  rostrum.args.push('--end-sessions-on-exit');
  await rostrum.launch();
  await ready(id);
  assert.equal((await rostrum.program.stop()).code, 0);
  await until('the process is gone', () => !fs.existsSync(`/proc/${pid}`));
  rostrum.args.pop();
  await rostrum.launch();
  assert.equal((await rostrum.ok('GET', `/v2/sessions/${id}`)).status, 'ended');
});

test('a session process that cannot be started is given up with words', async () => {
  const broken = await Rostrum.start({ env: { ROSTRUM_SESSION_BINARY: '/bin/false' } });
  try {
    const room = await broken.room();
    const ann = await broken.events(room, { participantId: 'ann' });
    const error = await ann.next('error', undefined, { timeoutMs: 30000 });
    assert.match(error.data.message, /did not start/);
    assert.equal((await ann.next('session-ended')).data.reason, 'failed');
  } finally {
    await broken.stop();
  }
});
