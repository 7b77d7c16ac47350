// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test from 'node:test';

import { assertFilled, assertTime } from './filled.js';

export function testStreams(stage) {
  test('HLS: start, the active one, a picture, stop, get, list, delete', async () => {
    const { sdk, room, sessionId } = stage();
    const { roomId } = room;
    await assert.rejects(sdk.hls.get(roomId), { name: 'RoomNotFoundError' });
    const handle = await sdk.hls.start(roomId, { composition: { layout: 'grid', quality: 'low', orientation: 'landscape' } });
    assert.match(handle.id, /^[0-9a-f]{24}$/);
    assertFilled(handle.raw, ['id', 'sessionId', 'roomId', 'links', 'playbackHlsUrl', 'livestreamUrl', 'downstreamUrl']);
    await stage().told('hls-playable', handle.id);
    const active = await sdk.hls.get(roomId);
    assertFilled(active, ['id', 'composerId', 'roomId', 'sessionId', 'mode', 'start', 'quality', 'orientation', 'links', 'playbackHlsUrl']);
    assert.deepEqual([active.id, active.mode, active.quality, active.orientation], [handle.id, 'video-and-audio', 'low', 'landscape']);
    assert.match(await (await fetch(active.playbackHlsUrl)).text(), /^#EXTM3U/);

    const picture = await sdk.hls.capture({ roomId, format: 'png', width: 320 });
    assertFilled(picture, ['message', 'roomId', 'meta', 'filePath', 'fileSize', 'fileName']);
    assert.deepEqual([picture.roomId, picture.meta.format, picture.meta.width], [roomId, 'png', 320]);
    assert.deepEqual((await sdk.hls.getById(handle.id)).captureLog.map((one) => one.fileName), [picture.fileName]);

    assert.equal(await sdk.hls.stop(handle), 'HLS ended successfully');
    await stage().told('hls-stopped', handle.id);
    const ended = await sdk.hls.getById(handle.id);
    assertTime(ended.start);
    assertTime(ended.end);
    assert.ok(ended.webhook.data.some(({ type, success }) => type === 'hls-playable' && success), JSON.stringify(ended.webhook));
    assert.ok(ended.duration > 0.5, `${ended.duration} s`);
    assert.deepEqual((await sdk.sessions.get(sessionId)).hlsLog, [{ id: handle.id, start: ended.start, end: ended.end }]);
    for (const filter of [{}, { roomId }, { sessionId }, { query: room.customRoomId }])
      assert.deepEqual((await sdk.hls.list(filter)).data.map(({ id }) => id), [handle.id], JSON.stringify(filter));
    assert.equal(await sdk.hls.delete(handle.id), 'Room Hls Recording deleted successfully !');
    await assert.rejects(sdk.hls.getById(handle.id), { name: 'RoomNotFoundError' });
  });

  test('livestreams: start, stop, start again at once, get, list', async () => {
    const { sdk, room, sessionId, nginx } = stage();
    const { roomId } = room;
    const streams = [
      { url: nginx.url, streamKey: 'first' },
      { url: nginx.url, streamKey: 'second' },
    ];
    const handle = await sdk.rtmp.start(roomId, { streams, composition: { layout: 'spotlight', quality: 'low' } });
    await stage().told('livestream-started', handle.id);
    await nginx.noted('publish', 'first');
    await nginx.noted('publish', 'second');
    const live = await sdk.rtmp.get(handle.id);
    assertFilled(live, ['id', 'composerId', 'roomId', 'sessionId', 'outputs', 'start', 'region', 'links']);
    assert.deepEqual(live.outputs.map((one) => [one.url, one.streamKey]), streams.map(({ url }) => [url, '********']));
    assert.equal(live.end, null);
    assert.equal(await sdk.rtmp.stop(handle), 'Livestream ended successfully');
    const again = await sdk.rtmp.start(roomId, { streams: [{ url: nginx.url, streamKey: 'third' }], composition: { quality: 'low' } });
    await nginx.noted('done', 'first');
    await nginx.noted('publish', 'third');
    assert.equal(await sdk.rtmp.stop(roomId), 'Livestream ended successfully');
    await stage().told('livestream-stopped', again.id);
    const over = await sdk.rtmp.get(handle.id);
    assertTime(over.end);
    assert.ok(over.webhook.data.some(({ type, success }) => type === 'livestream-started' && success), JSON.stringify(over.webhook));
    for (const filter of [{}, { roomId }, { sessionId }, { query: roomId }]) {
      const seen = [];
      for await (const one of await sdk.rtmp.list({ ...filter, perPage: 1 })) seen.push(one.id);
      assert.deepEqual(seen.sort(), [handle.id, again.id].sort(), JSON.stringify(filter));
    }
  });
}
