// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import WebSocket from 'ws';

import { until } from '../lib/deadline.js';
import { Rostrum } from '../lib/rostrum.js';
import { EventChannel } from '../../tools/web/assets/rostrum/events.js';
import { Topics } from '../../tools/web/assets/rostrum/topics.js';

let rostrum;

before(async () => {
  rostrum = await Rostrum.start({ args: ['--empty-timeout', '1'] });
});
after(() => rostrum?.stop());

const tell = (client, command, rest) => client.socket.send(JSON.stringify({ command, ...rest }));

/** @returns {Promise<object>} the acknowledgement */
async function publish(client, rest) {
  const requestId = `${Math.random()}`;
  tell(client, 'publish', { requestId, ...rest });
  return (await client.next('pubsub-published', (data) => data.requestId === requestId)).data;
}

/** @returns {Promise<object[]>} old messages */
async function subscribe(client, topic, rest) {
  const requestId = `${Math.random()}`;
  tell(client, 'subscribe', { topic, requestId, ...rest });
  await client.next('pubsub-history', (data) => data.requestId === requestId && data.isLast);
  return client.messages.filter(({ event, data }) => event === 'pubsub-history' && data.requestId === requestId).flatMap(({ data }) => data.messages);
}

const heard = (client) => client.messages.filter(({ event }) => event === 'pubsub-message').map(({ data }) => data.message);

/** RFC 4180. */
function parseCsv(text) {
  const rows = [];
  for (const line of text.matchAll(/((?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\r\n]*))*)\r\n/g))
    rows.push([...line[1].matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain));
  return rows;
}

test('messages reach those who subscribed, and only those they are for', async () => {
  const room = await rostrum.room();
  const [ann, bob, eve] = await Promise.all(
    ['ann', 'bob', 'eve'].map((participantId) =>
      rostrum.events(room, { participantId, name: participantId.toUpperCase(), ...(participantId !== 'ann' && { token: rostrum.viewerToken(room) }) }),
    ),
  );
  for (const client of [ann, bob]) assert.deepEqual(await subscribe(client, 'CHAT'), []);
  await subscribe(eve, 'POLL');
  const published = await publish(bob, { topic: 'CHAT', message: 'hello', payload: { color: 'red' } });
  for (const client of [ann, bob]) {
    const { data } = await client.next('pubsub-message');
    assert.deepEqual(data, {
      id: published.id,
      message: 'hello',
      senderId: 'bob',
      senderName: 'BOB',
      timestamp: published.timestamp,
      topic: 'CHAT',
      payload: { color: 'red' },
    });
  }
  await subscribe(eve, 'CHAT');
  await publish(ann, { topic: 'CHAT', message: 'for bob', options: { sendOnly: ['bob'] } });
  await publish(ann, { topic: 'CHAT', message: 'for all' });
  await eve.next('pubsub-message', ({ message }) => message === 'for all');
  assert.deepEqual(heard(eve), ['for all']);
  assert.deepEqual(heard(bob), ['hello', 'for bob', 'for all']);
  tell(bob, 'unsubscribe', { topic: 'CHAT' });
  tell(bob, 'unsubscribe', { topic: 'CHAT', requestId: 'again' });
  assert.deepEqual((await bob.next('error')).data, { code: 4089, message: 'this topic is not subscribed to', requestId: 'again' });
  await publish(ann, { topic: 'CHAT', message: 'without bob' });
  await eve.next('pubsub-message', ({ message }) => message === 'without bob');
  assert.equal(heard(bob).length, 3);
  await Promise.all([ann, bob, eve].map((client) => client.close()));
});

test('what is kept is replayed, also after a restart, and can be had as CSV', async () => {
  const room = await rostrum.room();
  const ann = await rostrum.events(room, { participantId: 'ann', name: '=cmd|"/c calc"!A1' });
  const id = ann.joined.sessionId;
  assert.equal((await rostrum.ok('GET', `/v2/sessions/${id}`)).chatLink, null);
  const persist = { persist: true };
  await publish(ann, { topic: 'CHAT', message: 'one, "two"\nthree', options: persist });
  await publish(ann, { topic: 'CHAT', message: 'gone' });
  await publish(ann, { topic: 'POLL', message: '@SUM(1)', payload: { a: 'ü' }, options: persist });
  await publish(ann, { topic: 'CHAT', message: 'for bob', options: { persist: true, sendOnly: ['bob'] } });

  rostrum.program.child.kill('SIGKILL');
  await rostrum.program.ended;
  await rostrum.launch();
  const texts = async (participantId, rest) => {
    const client = await rostrum.events(room, { participantId });
    assert.equal(client.joined.sessionId, id);
    return (await subscribe(client, 'CHAT', rest)).map(({ message }) => message);
  };
  assert.deepEqual(await texts('bob'), ['one, "two"\nthree', 'for bob']);
  assert.deepEqual(await texts('ann'), ['one, "two"\nthree', 'for bob']);
  assert.deepEqual(await texts('eve'), ['one, "two"\nthree']);
  assert.deepEqual(await texts('bob', { oldMessageLimit: 1 }), ['for bob']);
  assert.deepEqual(await texts('bob', { oldMessageLimit: 0 }), []);

  const { chatLink } = await rostrum.ok('GET', `/v2/sessions/${id}`);
  const link = new URL(new URL(chatLink).pathname + new URL(chatLink).search, rostrum.url);
  const response = await fetch(link);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type'), /^text\/csv; charset=utf-8/);
  const [header, ...rows] = parseCsv(await response.text());
  assert.deepEqual(header, ['id', 'timestamp', 'topic', 'senderId', 'senderName', 'message', 'payload', 'sendOnly']);
  assert.deepEqual(
    rows.map((row) => row.slice(2)),
    [
      ['CHAT', 'ann', `'=cmd|"/c calc"!A1`, 'one, "two"\nthree', '', ''],
      ['POLL', 'ann', `'=cmd|"/c calc"!A1`, `'@SUM(1)`, '{"a":"ü"}', ''],
      ['CHAT', 'ann', `'=cmd|"/c calc"!A1`, 'for bob', '', '["bob"]'],
    ],
  );
  link.searchParams.set('signature', 'x');
  assert.equal((await fetch(link)).status, 403);
  assert.equal((await rostrum.call('GET', `/v2/sessions/${id}/chat.csv`)).status, 200, 'a token will do');
  const other = rostrum.token({ roomId: 'abcd-abcd-abcd' });
  assert.equal((await rostrum.call('GET', `/v2/sessions/${id}/chat.csv`, undefined, other)).status, 403);
  const viewer = rostrum.viewerToken(room); // what was for bob alone is not for every viewer
  assert.equal((await rostrum.call('GET', `/v2/sessions/${id}/chat.csv`, undefined, viewer)).body.code, 4025);
  assert.equal((await rostrum.call('GET', `/v2/sessions/${id}`, undefined, viewer)).body.chatLink, null);
});

test('sizes and rates are bounded', async () => {
  const room = await rostrum.room();
  const ann = await rostrum.events(room, { participantId: 'ann' });
  const refusals = [
    [{ message: 'x' }, 4087],
    [{ topic: 'x'.repeat(129), message: 'x' }, 4087],
    [{ topic: 'CHAT' }, 4087],
    [{ topic: 'CHAT', message: 7 }, 4087],
    [{ topic: 'CHAT', message: 'x'.repeat(8193) }, 3072],
    [{ topic: 'CHAT', message: 'x', payload: ['x'] }, 4087],
    [{ topic: 'CHAT', message: 'x', payload: { x: 'x'.repeat(8192) } }, 3072],
    [{ topic: 'CHAT', message: 'x', options: { sendOnly: [] } }, 4087],
    [{ topic: 'CHAT', message: 'x', options: { sendOnly: ['a b'] } }, 4087],
    [{ topic: 'CHAT', message: 'x', options: 'all' }, 4087],
  ];
  for (const [i, [command, code]] of refusals.entries()) {
    tell(ann, 'publish', { ...command, requestId: `${i}` });
    assert.equal((await ann.next('error', ({ requestId }) => requestId === `${i}`)).data.code, code, JSON.stringify(command).slice(0, 100));
  }
  for (let i = 0; i < 40; i++) tell(ann, 'publish', { topic: 'CHAT', message: `${i}` });
  const { data } = await ann.next('error', ({ message }) => message.startsWith('too many messages'));
  assert.equal(data.code, 4087);
  ann.send('ping');
  await ann.next('pong');
  const told = ann.messages.filter(({ event }) => event === 'pubsub-published').length;
  assert.ok(told >= 20 && told < 35, `${told} of 40 at once`);
  await until('more are taken', async () => {
    tell(ann, 'publish', { topic: 'CHAT', message: 'later' });
    ann.send('ping');
    return ann.messages.filter(({ event }) => event === 'pubsub-published').length > told;
  });
  await ann.close();
});

test('a long history is cut to what a connection takes at once', async () => {
  const room = await rostrum.room();
  const speakers = await Promise.all(Array.from({ length: 10 }, (_, i) => rostrum.events(room, { participantId: `speaker-${i}` })));
  const rest = { message: 'x'.repeat(8000), payload: { large: 'y'.repeat(7000) }, options: { persist: true } };
  for (const speaker of speakers) for (let i = 0; i < 10; i++) await publish(speaker, { topic: 'CHAT', ...rest });
  const last = await publish(speakers[0], { topic: 'CHAT', ...rest, message: 'last' });
  const reader = await rostrum.events(room, { participantId: 'reader' });
  const messages = await subscribe(reader, 'CHAT', { oldMessageLimit: 1000 });
  assert.equal(messages.at(-1).id, last.id);
  const bytes = JSON.stringify(messages).length;
  assert.ok(bytes > 400 * 1024 && bytes <= 513 * 1024, `${bytes} bytes`);
  reader.send('ping');
  await reader.next('pong');
  for (const client of [reader, ...speakers]) await client.close();
});

test('who does not read is let go, and takes no memory', async () => {
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher' });
  const deaf = await rostrum.events(room, { participantId: 'deaf' });
  await subscribe(deaf, 'CHAT');
  deaf.socket.pause();
  const large = 'x'.repeat(8000);
  const speakers = await Promise.all(Array.from({ length: 40 }, (_, i) => rostrum.events(room, { participantId: `speaker-${i}` })));
  for (const speaker of speakers) for (let i = 0; i < 20; i++) tell(speaker, 'publish', { topic: 'CHAT', message: large, payload: { large } });
  const left = await watcher.next('participant-left', ({ participantId }) => participantId === 'deaf');
  assert.deepEqual([left.data.reason, left.data.code], ['disconnected', 1001]);
  watcher.send('ping');
  await watcher.next('pong');
  for (const { socket } of [deaf, watcher, ...speakers]) socket.terminate();
});

test('rostrum.js publishes and subscribes, with what was said before', async () => {
  globalThis.WebSocket ??= WebSocket;
  const room = await rostrum.room();
  const open = async (participantId) => {
    const channel = new EventChannel({ server: new URL(rostrum.url), roomId: room, token: rostrum.hostToken(room), participantId });
    const topics = new Topics(channel);
    await channel.open();
    return { channel, topics };
  };
  const [ann, bob] = [await open('ann'), await open('bob')];
  try {
    const heardBy = { bob: [] };
    const stop = bob.topics.subscribe('CHAT', ({ message }, isOld) => heardBy.bob.push([message, isOld]));
    await bob.topics.publish('OTHER', 'the server has the subscription by now');
    await ann.topics.publish('CHAT', 'one', { persist: true, payload: { x: 1 } });
    await until('bob hears it', () => heardBy.bob.length === 1);
    await assert.rejects(ann.topics.publish('CHAT', 'x'.repeat(9000)), { code: 3072 });
    const late = [];
    ann.topics.subscribe('CHAT', ({ message, payload }, isOld) => late.push([message, payload, isOld]));
    await until('the old one comes', () => late.length === 1);
    assert.deepEqual(late, [['one', { x: 1 }, true]]);
    stop();
    await ann.topics.publish('CHAT', 'two');
    await until('ann hears herself', () => late.length === 2);
    assert.deepEqual(heardBy.bob, [['one', false]]);
  } finally {
    for (const { channel } of [ann, bob]) channel.close();
  }
});
