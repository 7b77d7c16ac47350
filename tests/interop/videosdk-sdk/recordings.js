// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test from 'node:test';

import { decodeErrors } from '../../lib/media_file.js';
import { until } from '../../lib/deadline.js';
import { assertFilled, assertTime } from './filled.js';

const kComposition = { layout: 'sidebar', priority: 'SPEAKER', gridSize: 4, theme: 'DARK', quality: 'low' };

/** The four kinds: what they are called in webhooks, and how the SDK starts and stops them. */
const kinds = ({ sdk, room: { roomId } }) => ({
  recording: {
    resource: sdk.recordings,
    start: () => sdk.recordings.start(roomId, { composition: kComposition, fileFormat: 'mp4', dirPath: 'shows' }),
    stop: (handle) => sdk.recordings.stop(handle),
    stopped: 'Recording ended successfully',
    deleted: 'Room recording deleted successfully',
  },
  'composite-recording': {
    resource: sdk.recordings.composite,
    start: () => sdk.recordings.composite.start(roomId, { participants: [], fileFormat: 'mp4', dirPath: 'shows' }),
    stop: (handle) => sdk.recordings.composite.stop(handle),
    stopped: 'Composite recording stopped successfully',
    deleted: 'Composite recording deleted successfully',
  },
  'participant-recording': {
    resource: sdk.recordings.participant,
    start: () => sdk.recordings.participant.start(roomId, { participantId: 'host', fileFormat: 'mp4', metadata: { take: 1 } }),
    stop: () => sdk.recordings.participant.stop(roomId, 'host'),
    stopped: 'Participant recording stopped successfully',
    deleted: 'Participant recording deleted successfully',
  },
  'participant-track-recording': {
    resource: sdk.recordings.track,
    start: () => sdk.recordings.track.start(roomId, { participantId: 'host', kind: 'audio', fileFormat: 'webm' }),
    stop: () => sdk.recordings.track.stop(roomId, 'host', 'audio'),
    stopped: 'Participant track recording stopped successfully',
    deleted: 'Participant track recording deleted successfully',
  },
});

export function testRecordings(stage) {
  const ids = {};

  test('recordings of every kind start, run and stop', async () => {
    const all = kinds(stage());
    const handles = {};
    for (const [kind, { start }] of Object.entries(all)) {
      const handle = await start();
      ids[kind] = handle.id ?? handle.recordingId;
      assert.match(ids[kind], /^[0-9a-f]{24}$/, kind);
      assert.deepEqual([handle.roomId, handle.sessionId], [stage().room.roomId, stage().sessionId], kind);
      handles[kind] = handle;
    }
    for (const kind of Object.keys(all)) await stage().told(`${kind}-started`, ids[kind]);
    const from = performance.now();
    await until('1.5 s are recorded', () => performance.now() - from > 1500);
    for (const [kind, { stop, stopped }] of Object.entries(all)) assert.equal(await stop(handles[kind]), stopped);
    for (const kind of Object.keys(all)) await stage().told(`${kind}-stopped`, ids[kind]);
    for (const id of Object.values(ids)) await stage().told('recording-processed', id);
  });

  test('recordings of every kind are fetched and listed with their files', async () => {
    const { room, sessionId } = stage();
    for (const [kind, { resource }] of Object.entries(kinds(stage()))) {
      const one = await resource.get(ids[kind]);
      const single = kind.startsWith('participant');
      assertFilled(one, ['id', 'roomId', 'sessionId', 'userId', 'createdAt', 'updatedAt', 'start', 'end', 'fileId', 'file', 'files', 'links']);
      assertFilled(one, single ? ['participantId', 'participantName', 'fileFormat'] : ['composerId', 'meetingId', 'fileFormat']);
      assert.deepEqual([one.id, one.roomId, one.sessionId, one.status], [ids[kind], room.roomId, sessionId, 'stopped'], kind);
      for (const time of [one.start, one.end, one.createdAt, one.updatedAt]) assertTime(time);
      assertFilled(one.file, ['id', 'meta', 'filePath', 'fileUrl', 'size', 'type', 'createdAt', 'updatedAt']);
      assert.ok(one.file.meta.duration > 0.8, `${kind}: ${one.file.meta.duration} s`);
      if (kind === 'recording') {
        assert.deepEqual([one.file.meta.resolution, one.file.ratio], [{ width: 854, height: 480 }, { 480: 1 }]);
        assert.ok(one.file.meta.format === 'mp4');
      }
      assert.ok(one.webhook.totalCount >= 5 && one.webhook.data.some(({ type, success }) => type === `${kind}-stopped` && success), kind);
      if (kind === 'composite-recording') assert.deepEqual(one.participants, []);
      assert.equal((await fetch(one.files[0].fileUrl)).status, 200, kind);
      assert.equal(await decodeErrors(one.file.filePath), '', kind);

      const filters = [{}, { roomId: room.roomId }, { sessionId }, { roomId: room.roomId, sessionId, perPage: 10 }];
      if (single) filters.push({ participantId: 'host' });
      if (kind === 'recording') filters.push({ query: room.roomId }, { query: room.customRoomId, withTranscription: false });
      for (const filter of filters)
        assert.deepEqual((await resource.list(filter)).data.map(({ id }) => id), [ids[kind]], `${kind} ${JSON.stringify(filter)}`);
      assert.deepEqual((await resource.list({ sessionId: '0'.repeat(24) })).data, [], kind);
    }
    assert.deepEqual((await stage().sdk.recordings.list({ query: 'no-such-show' })).data, []);
  });

  test('two channels are merged into one file', async () => {
    const { sdk, room, sessionId } = stage();
    const created = await sdk.recordings.merge.create({
      sessionId,
      channel1: [{ participantId: 'host' }],
      channel2: [{ participantId: 'host', recordingId: ids['participant-track-recording'], type: 'track' }],
    });
    const id = created.id ?? created.mergeId;
    await stage().told('merge-recording-completed', id);
    const merge = await sdk.recordings.merge.get(id);
    assertFilled(merge, ['id', 'channel1', 'channel2', 'start', 'end', 'status', 'meetingId', 'sessionId', 'file']);
    assert.deepEqual([merge.status, merge.meetingId, merge.sessionId], ['completed', room.roomId, sessionId]);
    assert.deepEqual(merge.channel1, [{ recordingId: ids['participant-recording'], participantId: 'host' }]);
    assert.deepEqual(merge.channel2, [{ recordingId: ids['participant-track-recording'], participantId: 'host' }]);
    assert.equal((await fetch(merge.file.fileUrl)).status, 200);
    for (const filter of [{}, { id }, { status: 'completed' }, { roomId: room.roomId }, { sessionId }])
      assert.deepEqual((await sdk.recordings.merge.list(filter)).data.map((one) => one.id), [id], JSON.stringify(filter));
    for (const filter of [{ id: '0'.repeat(24) }, { status: 'pending' }])
      assert.deepEqual((await sdk.recordings.merge.list(filter)).data, [], JSON.stringify(filter));
  });

  test('transcodings that are merges', async () => {
    const { sdk, room, sessionId } = stage();
    const composed = await sdk.transcodings.merge({ recordingIds: [ids['participant-recording'], ids['composite-recording']] });
    const appended = await sdk.transcodings.meetingRecordingMerge({ recordingIds: [{ id: ids.recording }, ids.recording] });
    for (const [job, task] of [
      [composed, 'composite-merge'],
      [appended, 'meeting-recording-merge'],
    ]) {
      await stage().told('composite-merge-completed', job.id);
      const done = await sdk.transcodings.get(job.id);
      assertFilled(done, ['id', 'recordingIds', 'roomId', 'sessionId', 'status', 'task', 'startedAt', 'stoppedAt', 'file']);
      assertFilled(done.file, ['id', 'type', 'size', 'meta', 'filePath', 'fileUrl']);
      assert.deepEqual([done.status, done.task], ['completed', task]);
      assert.equal(await decodeErrors(done.file.filePath), '');
    }
    const source = await sdk.recordings.get(ids.recording);
    const twice = await sdk.transcodings.get(appended.id);
    assert.ok(Math.abs(twice.file.meta.duration - 2 * source.file.meta.duration) < 0.5, `${twice.file.meta.duration} s`);
    const both = [appended.id, composed.id].sort();
    for (const filter of [{ perPage: 1 }, { roomId: room.roomId, perPage: 1 }, { sessionId }, { status: 'completed' }]) {
      const seen = [];
      for await (const one of await sdk.transcodings.list(filter)) seen.push(one.id);
      assert.deepEqual(seen.sort(), both, JSON.stringify(filter));
    }
    assert.deepEqual((await sdk.transcodings.list({ hlsId: ids.recording })).data, []);

    const late = await sdk.transcodings.merge({ recordingIds: [ids['participant-recording']] });
    assert.equal((await sdk.transcodings.cancel(late.id)).status, 'cancelled');
    await assert.rejects(sdk.transcodings.cancel(late.id), { name: 'ResourceConflictError' });
  });

  test('recordings of every kind are deleted', async () => {
    for (const [kind, { resource, deleted }] of Object.entries(kinds(stage()))) {
      assert.equal(await resource.delete(ids[kind]), deleted);
      await assert.rejects(resource.get(ids[kind]), { name: 'RoomNotFoundError' });
      assert.deepEqual((await resource.list()).data, []);
    }
  });
}
