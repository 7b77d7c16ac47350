// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What a room's settings do by themselves: autoCloseConfig, autoStartConfig, allowedParticipantIds.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { EventClient } from '../lib/events.js';
import { Rostrum } from '../lib/rostrum.js';

let rostrum;

before(async () => {
  rostrum = await Rostrum.start({ args: ['--empty-timeout', '1', '--auto-close-in-seconds'] });
});
after(() => rostrum?.stop());

test('a session is closed when its time is over, also by a server that was started again', async () => {
  const room = await rostrum.room({ autoCloseConfig: { type: 'session-ends', duration: 8 } });
  const ann = await rostrum.events(room, { participantId: 'ann' });
  const id = ann.joined.sessionId;
  const { start } = await rostrum.ok('GET', `/v2/sessions/${id}`);
  assert.equal(Date.parse(ann.joined.closesAt) - Date.parse(start), 8000);
  await until('the session answers', async () => (await rostrum.call('GET', `/v2/sessions/${id}/graph`)).status === 200);
  rostrum.program.child.kill('SIGKILL');
  await rostrum.program.ended;
  await rostrum.launch();
  const again = await rostrum.events(room, { participantId: 'ann' });
  assert.equal(again.joined.sessionId, id);
  assert.deepEqual((await again.next('meeting-left')).data, { reason: 'time-up', code: 1006 });
  const ended = await until('it is over', async () => {
    const session = await rostrum.ok('GET', `/v2/sessions/${id}`);
    return session.end && session;
  });
  assert.ok(Date.parse(ended.end) - Date.parse(start) >= 8000);
  assert.equal(ended.reason, 'time-up');
  const next = await rostrum.events(room, { participantId: 'ann' });
  assert.notEqual(next.joined.sessionId, id, 'the room goes on');
  await next.close();
});

test('everybody is warned before', async () => {
  const room = await rostrum.room({ autoCloseConfig: { duration: 11 } });
  const ann = await rostrum.events(room, { participantId: 'ann' });
  const { data } = await ann.next('session-closing');
  assert.deepEqual(data, { closesAt: ann.joined.closesAt, secondsLeft: 10 });
  await ann.close();
});

test('a room for one session is deactivated with it', async () => {
  const room = await rostrum.room({ autoCloseConfig: { type: 'session-end-and-deactivate' } });
  const ann = await rostrum.events(room, { participantId: 'ann' });
  assert.equal(Date.parse(ann.joined.closesAt) > Date.now() + 400_000, true, '480 is the default');
  await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
  const late = new EventClient(rostrum.url, room, { token: rostrum.hostToken(room), participantId: 'eve' });
  assert.equal((await late.closed).code, 4052, 'at once');
  assert.equal((await rostrum.ok('GET', `/v2/rooms/${room}`)).disabled, true);
  await ann.closed;
});

test('recordings and HLS start by themselves and go on over a restart; what makes no sense is refused', async () => {
  const room = await rostrum.room({
    autoStartConfig: {
      recording: { fileFormat: 'webm', config: { mode: 'audio' } },
      composite: { participants: [{ participantId: 'ann', kind: ['audio'] }] },
      hls: { config: { layout: { type: 'GRID', priority: 'SPEAKER' } } },
    },
  });
  const ann = await rostrum.events(room, { participantId: 'ann' });
  const id = ann.joined.sessionId;
  const listed = async () => {
    const [recordings, composites, hls] = await Promise.all(
      ['/v2/recordings', '/v2/recordings/composite', '/v2/hls'].map((route) => rostrum.ok('GET', `${route}?sessionId=${id}`)),
    );
    return [recordings, composites, hls].map(({ data }) => data.length);
  };
  assert.deepEqual(await listed(), [1, 1, 1]);
  assert.equal((await rostrum.ok('GET', `/v2/recordings?sessionId=${id}`)).data[0].fileFormat, 'webm');
  rostrum.program.child.kill('SIGKILL');
  await rostrum.program.ended;
  await rostrum.launch();
  const again = await rostrum.events(room, { participantId: 'ann' });
  assert.equal(again.joined.sessionId, id);
  assert.deepEqual(await listed(), [1, 1, 1], 'no second ones');
  await again.close();

  for (const [config, reason] of [
    [{ recording: { fileFormat: 'avi' } }, /recording.*fileFormat/],
    [{ composite: { participants: 'ann' } }, /composite.*participants/],
    [{ hls: { config: { layout: { type: 'CIRCLE' } } } }, /hls/],
  ]) {
    const refused = await rostrum.call('POST', '/v2/rooms', { autoStartConfig: config });
    assert.equal(refused.status, 400);
    assert.match(refused.body.message, reason);
  }
});

test('who is not on the list comes in by no way', async () => {
  const room = await rostrum.room({ allowedParticipantIds: ['ann'] });
  const ann = await rostrum.events(room, { participantId: 'ann' });
  const token = rostrum.hostToken(room);
  const eve = new EventClient(rostrum.url, room, { token, participantId: 'eve' });
  assert.equal((await eve.closed).code, 4023);
  const nobody = new EventClient(rostrum.url, room, { token });
  assert.equal((await nobody.closed).code, 4023, 'a random id is not on it either');
  for (const route of [`/whip/${room}?`, `/whep/${room}?`, `/whep/${room}/ann?`, `/v2/whip?roomId=${room}&`, `/v2/whep?roomId=${room}&`])
    for (const participant of ['participantId=eve', '']) {
      const refused = await fetch(`${rostrum.url}${route}${participant}`, {
        method: 'POST',
        headers: { authorization: token, 'content-type': 'application/sdp' },
        body: 'v=0\r\n',
      });
      assert.deepEqual([refused.status, (await refused.json()).code], [403, 4023], route);
    }
  assert.deepEqual(ann.names().filter((name) => name === 'participant-joined'), []);
  await ann.close();
});
