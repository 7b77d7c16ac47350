// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test from 'node:test';

import { until } from '../../lib/deadline.js';
import { assertFilled, assertTime } from './filled.js';

const ids = (page) => page.data.map((one) => one.participantId).sort();

export function testSessions(stage) {
  test('sessions.list finds the live session by every filter', async () => {
    const { sdk, room, sessionId } = stage();
    const { roomId, customRoomId } = room;
    const since = Date.now() - 3600e3;
    for (const filter of [{}, { roomId }, { customRoomId }, { query: roomId }, { query: customRoomId }, { status: 'ongoing' }, { startDate: since }])
      assert.deepEqual((await sdk.sessions.list(filter)).data.map((one) => one.id), [sessionId], JSON.stringify(filter));
    for (const filter of [{ status: 'ended' }, { endDate: since }, { query: 'no-such-show' }])
      assert.deepEqual((await sdk.sessions.list(filter)).data, [], JSON.stringify(filter));
  });

  test('sessions.get tells of a session that runs', async () => {
    const { sdk, room, sessionId } = stage();
    const session = await sdk.sessions.get(sessionId);
    assertFilled(session, ['id', 'roomId', 'customRoomId', 'start', 'status', 'participants', 'region', 'links', 'userId', 'activeDuration']);
    assert.deepEqual([session.roomId, session.customRoomId, session.status, session.end], [room.roomId, 'the-show', 'ongoing', null]);
    assertTime(session.start);
    assert.deepEqual(Object.keys(session.links), ['get_room', 'get_session', 'get_all_participants']);
  });

  test('participants are listed, paged and fetched by session and by room', async () => {
    const { sdk, room, sessionId } = stage();
    const { roomId } = room;
    for (const page of [
      await sdk.sessions.listParticipants(sessionId),
      await sdk.sessions.listActiveParticipants(sessionId),
      await sdk.participants.list(roomId),
    ])
      assert.deepEqual([ids(page), page.total, page.hasNextPage], [['host', 'viewer'], 2, false]);
    const seen = [];
    for await (const one of await sdk.sessions.listParticipants(sessionId, { perPage: 1 })) seen.push(one.participantId);
    assert.deepEqual(seen.sort(), ['host', 'viewer']);
    for (const host of [await sdk.sessions.getParticipant(sessionId, 'host'), await sdk.participants.get(roomId, 'host')]) {
      assert.deepEqual([host.participantId, host.name, host.mode], ['host', 'Ann', 'SEND_AND_RECV']);
      assertTime(host.timelog[0].start);
      assert.equal(host.timelog[0].end, null);
    }
    assert.equal((await sdk.sessions.getParticipant(sessionId, 'viewer')).mode, 'RECV_ONLY');
  });

  test('participants are removed, by room and by session', async () => {
    const { sdk, room, rostrum, sessionId } = stage();
    const removals = {
      bob: () => sdk.participants.remove(room.roomId, 'bob'),
      cid: () => sdk.sessions.removeParticipant({ sessionId, participantId: 'cid' }),
      dan: () => sdk.sessions.removeParticipant({ roomId: room.roomId, participantId: 'dan' }),
    };
    for (const [participantId, remove] of Object.entries(removals)) {
      const client = await rostrum.events(room.roomId, { participantId });
      assert.equal(await remove(), 'Participant removed successfully');
      assert.equal((await client.next('meeting-left')).data.code, 1010);
      assert.ok(!ids(await sdk.sessions.listActiveParticipants(sessionId)).includes(participantId));
      assert.ok(ids(await sdk.sessions.listParticipants(sessionId)).includes(participantId));
      assertTime((await sdk.sessions.getParticipant(sessionId, participantId)).timelog[0].end);
    }
  });
}

export function testEnd(stage) {
  test('the quality of a session and of one participant, minute by minute', async () => {
    const { sdk, room, sessionId } = stage();
    const whole = await sdk.sessions.getStats(sessionId);
    assert.deepEqual([whole.sessionId, whole.meetingId], [sessionId, room.roomId]);
    assert.ok(whole.stats.length >= 1);
    const host = await sdk.sessions.getParticipantStats(sessionId, 'host');
    assertFilled(host, ['sessionId', 'stats', 'resolutionUsage']);
    const minute = host.stats.find((one) => one.averageSendVideoBitrate > 0);
    assert.ok(minute, JSON.stringify(host.stats));
    assertTime(minute.time);
    assertFilled(minute, ['sendVideoPacketLost', 'sendAudioPacketLost', 'averageSendAudioBitrate', 'averageVideoJitter', 'qualityScore']);
    const viewer = await sdk.sessions.getParticipantStats(sessionId, 'viewer');
    assert.ok(viewer.stats.some((one) => one.averageRecvVideoBitrate > 0 && one.averageRecvAudioBitrate > 0), JSON.stringify(viewer.stats));
    await assert.rejects(sdk.sessions.getParticipantStats(sessionId, 'nobody'), { name: 'RoomNotFoundError' });
  });

  test('sessions.end ends it for everybody, and gives the ended session', async () => {
    const { sdk, room, sessionId, viewer } = stage();
    const ended = await sdk.sessions.end({ meetingId: room.roomId });
    assert.deepEqual([ended.id, ended.roomId, ended.customRoomId, ended.status], [sessionId, room.roomId, 'the-show', 'ended']);
    assertTime(ended.end);
    assert.equal((await viewer.next('meeting-left')).data.code, 1009);
    await stage().told('session-ended');
    const session = await sdk.sessions.get(sessionId);
    assert.equal(session.status, 'ended');
    assertTime(session.end);
    assert.equal((await sdk.participants.list(room.roomId)).data.length, 0);
    assert.equal((await sdk.sessions.listActiveParticipants(sessionId)).data.length, 0);

    const again = await sdk.sessions.end({ roomId: room.roomId, ignoreClosed: true });
    assert.deepEqual([again.id, again.end], [sessionId, session.end]);
    await assert.rejects(sdk.sessions.end({ roomId: room.roomId }), { name: 'RoomNotFoundError', httpStatus: 404 });
    await assert.rejects(sdk.participants.get(room.roomId, 'host'), { name: 'RoomNotFoundError' });
  });

  test('sessions.end by force does not wait for anything', async () => {
    const { sdk, rostrum } = stage();
    const { roomId } = await sdk.rooms.create();
    const client = await rostrum.events(roomId, { participantId: 'eve' });
    const pid = await rostrum.sessionPid(client.joined.sessionId);
    const ended = await sdk.sessions.end({ roomId, sessionId: client.joined.sessionId, force: true });
    assert.equal(ended.status, 'ended');
    await client.closed;
    assert.equal((await sdk.sessions.get(ended.id)).status, 'ended', 'it is over with the reply');
    await until('its process is gone', () => !rostrum.sessions().includes(pid));
  });
}
