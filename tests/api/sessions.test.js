// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { until, within } from '../lib/deadline.js';
import { EventClient } from '../lib/events.js';
import { Rostrum } from '../lib/rostrum.js';
import { kPublishing, WhipWire } from '../lib/whip_wire.js';

let rostrum;

before(async () => {
  rostrum = await Rostrum.start({ args: ['--empty-timeout', '1'] });
});
after(() => rostrum?.stop());

const gone = (pid) => until(`process ${pid} is gone`, () => !fs.existsSync(`/proc/${pid}`), 20000);

test('two participants hear of each other in order', async () => {
  const room = await rostrum.room();
  const ann = await rostrum.events(room, { participantId: 'ann', name: 'Ann' });
  assert.deepEqual(ann.joined.participants, [{ participantId: 'ann', name: 'Ann', mode: 'SEND_AND_RECV', marks: { hand: false, mic: true, camera: true }, muted: { audio: false, video: false }, feeds: [] }]);
  assert.deepEqual(
    [ann.joined.livestreamState, ann.joined.recordingState, ann.joined.hlsState],
    ['LIVESTREAM_STOPPED', 'RECORDING_STOPPED', 'HLS_STOPPED'],
  );
  assert.deepEqual(ann.joined.permissions, ['allow_join', 'allow_mod']);

  const token = rostrum.viewerToken(room);
  const bob = await rostrum.events(room, { participantId: 'bob', name: 'Bob', token });
  assert.deepEqual(
    bob.joined.participants.map(({ participantId }) => participantId),
    ['ann', 'bob'],
  );
  assert.equal(bob.joined.sessionId, ann.joined.sessionId);
  assert.deepEqual(bob.joined.permissions, ['allow_join']);
  const { data } = await ann.next('participant-joined');
  assert.deepEqual(data, { participantId: 'bob', name: 'Bob', mode: 'RECV_ONLY' });

  bob.send('leave');
  assert.deepEqual((await bob.next('meeting-left')).data, { reason: 'left', code: 1101 });
  assert.equal((await bob.closed).code, 1000);
  assert.deepEqual((await ann.next('participant-left')).data, { participantId: 'bob', name: 'Bob', reason: 'left', code: 1101 });

  const carl = await rostrum.events(room, { participantId: 'carl', token });
  carl.socket.terminate();
  const left = await ann.next('participant-left', ({ participantId }) => participantId === 'carl');
  assert.deepEqual([left.data.reason, left.data.code], ['disconnected', 1001]);
  assert.deepEqual(ann.names(), ['meeting-joined', 'participant-joined', 'participant-left', 'participant-joined', 'participant-left']);
  const numbers = ann.messages.map(({ seq }) => seq);
  assert.deepEqual(
    numbers,
    [...numbers].sort((a, b) => a - b),
  );
  await ann.close();
});

test('who publishes under the name of a viewer lends it no rights', async () => {
  const own = await rostrum.room();
  const viewer = await rostrum.events(own, { token: rostrum.viewerToken(own), participantId: 'obs' });
  await rostrum.testHost(own, { participantId: 'obs' });
  await viewer.next('stream-enabled', ({ participantId }) => participantId === 'obs');
  viewer.socket.send(JSON.stringify({ command: 'end' }));
  assert.equal((await viewer.next('error')).data.code, 4025);
  await rostrum.ok('POST', '/v2/sessions/end', { roomId: own });
});

test('who was there when is kept', async () => {
  const room = await rostrum.room({ customRoomId: 'history' });
  const ann = await rostrum.events(room, { participantId: 'ann', name: 'Ann' });
  const bob = await rostrum.events(room, { participantId: 'bob', token: rostrum.viewerToken(room) });
  const id = ann.joined.sessionId;
  const [running] = (await rostrum.ok('GET', '/v2/sessions?roomId=history&status=ongoing')).data;
  assert.deepEqual([running.id, running.roomId, running.customRoomId, running.status, running.end], [id, room, 'history', 'ongoing', null]);
  await bob.close();
  await ann.next('participant-left');
  const active = await rostrum.ok('GET', `/v2/sessions/${id}/participants/active`);
  assert.deepEqual(
    active.data[0].participants.map(({ participantId }) => participantId),
    ['ann'],
  );
  await ann.close();
  const ended = await until('the empty session ends', async () => {
    const session = await rostrum.ok('GET', `/v2/sessions/${id}`);
    return session.status === 'ended' && session;
  });
  assert.equal(ended.reason, 'empty');
  const all = await rostrum.ok('GET', `/v2/sessions/${id}/participants`);
  assert.equal(all.pageInfo.total, 2);
  for (const participant of all.data.participants) {
    assert.equal(participant.timelog.length, 1);
    assert.ok(participant.timelog[0].end >= participant.timelog[0].start);
  }
  assert.equal((await rostrum.ok('GET', `/v2/sessions/${id}/participants/bob`)).mode, 'RECV_ONLY');
  assert.equal((await rostrum.call('GET', `/v2/sessions/${id}/participants/eve`)).status, 404);
});

test('a second connection of the same participant replaces the first', async () => {
  const room = await rostrum.room();
  const ann = await rostrum.events(room, { participantId: 'ann' });
  const watcher = await rostrum.events(room, { participantId: 'watcher' });
  const again = await rostrum.events(room, { participantId: 'ann' });
  assert.deepEqual((await ann.next('meeting-left')).data, { reason: 'duplicate', code: 1011 });
  await ann.closed;
  watcher.send('ping');
  await watcher.next('pong');
  assert.ok(!watcher.names().includes('participant-left'), 'for the others nothing changed');
  again.send('ping');
  await again.next('pong');
  await Promise.all([again.close(), watcher.close()]);
});

test('what a participant says about itself is told to all, and to those who come later', async () => {
  const room = await rostrum.room();
  const ann = await rostrum.events(room, { participantId: 'ann' });
  const bob = await rostrum.events(room, { participantId: 'bob' });
  const marksOf = (joined, id) => joined.participants.find((one) => one.participantId === id).marks;
  assert.deepEqual(marksOf(bob.joined, 'ann'), { hand: false, mic: true, camera: true });
  for (const command of ['raise-hand', 'mic-off', 'camera-off', 'camera-on']) ann.send(command);
  for (const client of [ann, bob]) {
    const told = await client.next('participant-marks-changed');
    assert.deepEqual(told.data, { participantId: 'ann', hand: true, mic: false, camera: true }, 'once for all four');
  }
  const eve = await rostrum.events(room, { participantId: 'eve', token: rostrum.viewerToken(room) });
  assert.deepEqual(marksOf(eve.joined, 'ann'), { hand: true, mic: false, camera: true });
  ann.send('raise-hand'); // as it is: nobody is told
  ann.send('lower-hand');
  assert.deepEqual((await eve.next('participant-marks-changed')).data.hand, false);
  await Promise.all([ann.close(), bob.close(), eve.close()]);
});

test('a removed participant is told and let go', async () => {
  const room = await rostrum.room();
  const ann = await rostrum.events(room, { participantId: 'ann' });
  const bob = await rostrum.events(room, { participantId: 'bob' });
  await rostrum.ok('POST', '/v2/sessions/participants/remove', { roomId: room, participantId: 'bob' });
  assert.deepEqual((await bob.next('meeting-left')).data, { reason: 'removed', code: 1010 });
  await within('the connection closes', bob.closed);
  assert.equal((await ann.next('participant-left')).data.code, 1010);
  const again = await rostrum.call('POST', '/v2/sessions/participants/remove', { roomId: room, participantId: 'bob' });
  assert.deepEqual([again.status, again.body.code], [404, 4066]);
  await ann.close();
});

for (const [how, end] of [
  ['REST', (room) => rostrum.ok('POST', '/v2/sessions/end', { roomId: room })],
  ['a command', (room, ann) => ann.send('end')],
]) {
  test(`ending by ${how} tells everyone within a second and ends the process`, async () => {
    const room = await rostrum.room();
    const ann = await rostrum.events(room, { participantId: 'ann' });
    const bob = await rostrum.events(room, { participantId: 'bob', token: rostrum.viewerToken(room) });
    const pid = await until('the process runs', () => rostrum.sessions().at(-1));
    bob.send('end');
    assert.equal((await bob.next('error')).data.code, 4025, 'a viewer cannot end');
    const from = performance.now();
    await end(room, ann);
    for (const client of [ann, bob]) {
      const ended = await client.next('session-ended');
      assert.deepEqual(ended.data, { reason: 'ended', code: 1009 });
      await client.next('meeting-left');
      const closed = await client.closed;
      assert.ok(closed.at - from < 1000, `${closed.at - from} ms`);
      assert.deepEqual(client.names().slice(-2), ['session-ended', 'meeting-left']);
    }
    await gone(pid);
    const session = await until('the session is over', async () => {
      const one = await rostrum.ok('GET', `/v2/sessions/${ann.joined.sessionId}`);
      return one.end && one;
    });
    assert.equal(session.reason, 'ended');
    const log = fs.statSync(path.join(rostrum.state, 'logs', `${session.id}.log`), { throwIfNoEntry: false });
    assert.notEqual(log?.size, 0, 'an empty log is not kept');
  });
}

test('a room can be joined again at once after its session was ended', async () => {
  const room = await rostrum.room();
  const first = await rostrum.events(room, { participantId: 'ann' });
  await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
  const second = await rostrum.events(room, { participantId: 'ann' });
  assert.notEqual(second.joined.sessionId, first.joined.sessionId);
  await second.close();
});

test('Server-Sent Events: the same events, read only', async () => {
  const room = await rostrum.room();
  const abort = new AbortController();
  const response = await fetch(`${rostrum.url}/v2/rooms/${room}/events?participantId=sse`, {
    headers: { accept: 'text/event-stream', authorization: rostrum.hostToken(room) },
    signal: abort.signal,
  });
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  const events = [];
  const reading = (async () => {
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const parts = text.split('\n\n');
      text = parts.pop();
      for (const part of parts) if (part.startsWith('data: ')) events.push(JSON.parse(part.slice(6)));
    }
  })().catch(() => {});
  await until('the greeting', () => events[0]?.event === 'meeting-joined');
  const ann = await rostrum.events(room, { participantId: 'ann' });
  await until('ann is told of', () => events.some(({ event, data }) => event === 'participant-joined' && data.participantId === 'ann'));
  await rostrum.ok('POST', '/v2/sessions/participants/remove', { roomId: room, participantId: 'sse' });
  await until('the end', () => events.at(-1).event === 'meeting-left');
  await within('the stream ends', reading);
  const refused = await fetch(`${rostrum.url}/v2/rooms/${room}/events`, { headers: { accept: 'text/event-stream' } });
  assert.equal(refused.status, 401);
  abort.abort();
  await ann.close();
});

test('full is 503 with Retry-After', async () => {
  const small = await Rostrum.start({ args: ['--max-sessions', '1', '--max-participants', '2'] });
  try {
    const [one, two] = [await small.room(), await small.room()];
    const clients = [await small.events(one, { participantId: 'a' }), await small.events(one, { participantId: 'b' })];
    const third = new EventClient(small.url, one, { token: small.hostToken(one), participantId: 'c' });
    assert.equal((await third.closed).code, 4009);
    const again = await small.events(one, { participantId: 'b' });
    const response = await fetch(`${small.url}/whip/${two}`, {
      method: 'POST',
      headers: { authorization: small.hostToken(two), 'content-type': 'application/sdp' },
      body: 'v=0\r\n',
    });
    assert.equal(response.status, 503);
    assert.ok(Number(response.headers.get('retry-after')) > 0);
    await Promise.all([clients[0].close(), again.close()]);
  } finally {
    await small.stop();
  }
});

test('operations', async () => {
  const room = await rostrum.room();
  const ann = await rostrum.events(room);
  assert.equal((await (await fetch(`${rostrum.url}/healthz`)).json()).status, 'ok');
  const metrics = await (await fetch(`${rostrum.url}/metrics`)).text();
  assert.match(metrics, /^rostrum_sessions [1-9]/m);
  for (const line of metrics.trim().split('\n')) assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{.*\})? [\d.e+]+)$/);
  const { publicKey } = await (await fetch(`${rostrum.url}/v2/public/rsa-public-key`)).json();
  assert.match(publicKey, /^-----BEGIN PUBLIC KEY-----\n/);
  const graph = await rostrum.call('GET', `/v2/sessions/${ann.joined.sessionId}/graph?format=running`);
  assert.equal(graph.status, 200);
  assert.equal((await rostrum.call('GET', `/v2/sessions/${ann.joined.sessionId}/graph?format=png`)).status, 400);
  await ann.close();
});

test('the pages and their files are served', async () => {
  const room = await rostrum.room();
  for (const [route, type] of [
    [`/studio/${room}`, /^text\/html/],
    [`/watch/${room}`, /^text\/html/],
    ['/assets/rostrum.js', /^text\/javascript/],
    ['/assets/studio/main.js', /^text\/javascript/],
    ['/assets/tokens.css', /^text\/css/],
    ['/assets/favicon.svg', /^image\/svg/],
  ]) {
    const response = await fetch(rostrum.url + route);
    assert.equal(response.status, 200, route);
    assert.match(response.headers.get('content-type'), type, route);
    assert.equal(response.headers.get('referrer-policy'), 'no-referrer');
    const etag = response.headers.get('etag');
    assert.ok((await response.text()).length > 0);
    assert.equal((await fetch(rostrum.url + route, { headers: { 'if-none-match': etag } })).status, 304);
  }
});

test('HEAD of the events joins nobody', async () => {
  const room = await rostrum.room();
  const ann = await rostrum.events(room, { participantId: 'ann' });
  const route = new URL(`/v2/rooms/${room}/events?participantId=ann`, rostrum.url);
  const head = await fetch(route, { method: 'HEAD', headers: { authorization: rostrum.token() } });
  assert.deepEqual([head.status, head.headers.get('content-type')], [200, 'text/event-stream']);
  assert.equal((await fetch(route, { method: 'HEAD' })).status, 401);
  ann.send('ping');
  await ann.next('pong'); // it is not a second ann
  const { data } = await rostrum.ok('GET', `/v2/sessions/${ann.joined.sessionId}/participants`);
  assert.equal(data.participants[0].timelog.length, 1);
  await ann.close();
});

test('the session process is told of hosts, and of no audience: it may be large', async () => {
  const chatty = await Rostrum.start({ env: { G_DBUS_DEBUG: 'message' } });
  try {
    const room = await chatty.room();
    const eve = await chatty.events(room, { participantId: 'eve', name: 'Somebody in the audience' });
    const wire = new WhipWire(chatty.url, chatty.hostToken(room));
    await wire.open(`/whip/${room}?participantId=ann&displayName=Ann%20on%20stage`, kPublishing);
    eve.send('raise-hand');
    await eve.next('participant-marks-changed');
    const states = () => chatty.program.lines.filter((line) => line.includes('"composition"'));
    await until('it is told', () => states().some((line) => line.includes('Ann on stage')), 10000);
    assert.ok(!states().some((line) => line.includes('Somebody in the audience')));
  } finally {
    await chatty.stop();
  }
});
