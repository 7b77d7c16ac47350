// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import test from 'node:test';

import { VideoSDK } from '@videosdk.live/server-sdk';

/** What is refused arrives as the SDK's own kind of error, with code, status and request id of the server. */
export function testErrors(stage) {
  test('errors are of the kinds that the SDK has', async () => {
    const { sdk, rostrum, room } = stage();
    const { key } = rostrum.credentials;
    const nobody = '0'.repeat(24);
    const { roomId } = await sdk.rooms.create();
    const forged = stage().client({ secret: 'x'.repeat(32) });
    const rtc = stage().client({ tokenOptions: { roles: ['rtc'] } });
    const joinOnly = stage().client({ tokenOptions: { permissions: ['allow_join'] } });
    const other = stage().client({ tokenOptions: { claims: { roomId } } });
    const stranger = stage().client({ apiKey: `${key}x` });
    const start = (options) => () => sdk.recordings.start(room.roomId, options);
    const rows = [
      ['no such room', () => sdk.rooms.get('none'), 'RoomNotFoundError', 404, 4003],
      ['no such session', () => sdk.sessions.get(nobody), 'RoomNotFoundError', 404, 404],
      ['no such participant', () => sdk.sessions.getParticipant(stage().sessionId, 'none'), 'RoomNotFoundError', 404, 4004],
      ['nobody to remove', () => sdk.participants.remove(room.roomId, 'none'), 'RoomNotFoundError', 404, 4066],
      ['nothing live', () => sdk.recordings.start(roomId), 'RoomNotFoundError', 404, 4011],
      ['no recording runs', () => sdk.recordings.stop(room.roomId), 'RoomNotFoundError', 404, 4012],
      ['no livestream runs', () => sdk.rtmp.stop(room.roomId), 'RoomNotFoundError', 404, 4014],
      ['no HLS runs', () => sdk.hls.stop(room.roomId), 'RoomNotFoundError', 404, 4017],
      ['no such recording', () => sdk.recordings.get(nobody), 'RoomNotFoundError', 404, 404],
      ['no such HLS', () => sdk.hls.delete(nobody), 'RoomNotFoundError', 404, 404],
      ['no such livestream', () => sdk.rtmp.get(nobody), 'RoomNotFoundError', 404, 404],
      ['no such merge', () => sdk.recordings.merge.get(nobody), 'RoomNotFoundError', 404, 404],
      ['no such transcoding', () => sdk.transcodings.get(nobody), 'RoomNotFoundError', 404, 404],
      ['webhook without URL', () => sdk.rooms.create({ webhook: { url: 'nowhere' } }), 'ValidationError', 400, 400],
      ['destination', () => sdk.rtmp.start(room.roomId, { streams: [{ url: 'http://a.b/', streamKey: 'k' }] }), 'ValidationError', 400, 4015],
      ['layout', start({ composition: { layout: 'circle' } }), 'ValidationError', 400, 400],
      ['format', start({ fileFormat: 'avi' }), 'ValidationError', 400, 4011],
      ['participantId', () => sdk.recordings.participant.start(room.roomId, { participantId: 'a b' }), 'ValidationError', 400, 4004],
      ['paging', () => sdk.rooms.list({ perPage: 0 }), 'ValidationError', 400, 400],
      ['forged token', () => forged.rooms.list(), 'AuthenticationError', 401, 4002],
      ['unknown key', () => stranger.rooms.list(), 'AuthenticationError', 401, 4001],
      ['role', () => rtc.rooms.list(), 'PermissionError', 403, 4024],
      ['permission', () => joinOnly.hls.start(room.roomId), 'PermissionError', 403, 4025],
      ['another room', () => other.recordings.list({ roomId: room.roomId }), 'PermissionError', 403, 4022],
      ['web page', start({ composition: { layout: { custom: 'https://a.example' } } }), 'VideoSDKError', 501, 501],
      ['transcription', start({ transcription: { enabled: true } }), 'VideoSDKError', 501, 501],
      ['upload', start({ preSignedUrl: 'https://a.example/x' }), 'VideoSDKError', 501, 501],
      ['watermark', () => sdk.recordings.composite.start(room.roomId, { watermarks: [{ type: 'custom', text: 'x' }] }), 'VideoSDKError', 501, 501],
    ];
    for (const [what, call, name, status, code] of rows) {
      const error = await call().then(
        (result) => assert.fail(`${what}: ${JSON.stringify(result)}`),
        (refusal) => refusal,
      );
      assert.deepEqual([error.name, error.httpStatus, error.details?.code], [name, status, code], `${what}: ${error.message}`);
      assert.ok(error.message.length > 10, what);
      assert.equal(error.requestId, error.details.requestId, what);
    }
  });

  test('what is running already is a conflict', async () => {
    const { sdk, room } = stage();
    const handle = await sdk.recordings.start(room.roomId, { composition: { quality: 'low' } });
    const error = await sdk.recordings.start(room.roomId).then(assert.fail, (refusal) => refusal);
    assert.deepEqual([error.name, error.httpStatus, error.details.code], ['ResourceConflictError', 409, 4018]);
    await sdk.recordings.stop(room.roomId);
    await stage().told('recording-stopped', handle.id);
    await stage().told('recording-processed', handle.id);
    await sdk.recordings.delete(handle.id);
  });

  test('a call that the network lost is made again', async () => {
    const { rostrum, room } = stage();
    const { port, hostname } = new URL(rostrum.url);
    let connections = 0;
    const front = net.createServer((client) => {
      if (++connections === 1) return void client.destroy();
      const server = net.connect(port, hostname);
      client.on('error', () => server.destroy()).pipe(server);
      server.on('error', () => client.destroy()).pipe(client);
    });
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    try {
      const { key, secret } = rostrum.credentials;
      const sdk = new VideoSDK({ apiKey: key, secret, apiEndpoint: `http://127.0.0.1:${front.address().port}/`, maxRetries: 1 });
      assert.equal((await sdk.rooms.get(room.roomId)).id, room.id);
      assert.ok(connections >= 2, 'the first one was lost');
    } finally {
      front.close();
    }
  });
}
