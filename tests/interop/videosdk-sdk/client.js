// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test from 'node:test';

import { Grant, VideoSDK } from '@videosdk.live/server-sdk';

export function testClient(stage) {
  test('tokens of every builder are taken for what they are for', async () => {
    const { sdk, rostrum, room } = stage();
    const { key, secret } = rostrum.credentials;
    const { roomId } = room;
    const plain = VideoSDK.generateToken({ apiKey: key, secretKey: secret, expiresIn: '10m' });
    assert.equal(sdk.verifyToken(plain).apikey, key);
    assert.equal((await rostrum.call('GET', '/v2/rooms', undefined, plain)).status, 200);
    assert.equal((await rostrum.call('GET', '/v2/rooms', undefined, sdk.generateToken({ expiresIn: 60 }))).status, 200);
    const api = sdk.accessToken().forApi().grant(Grant.AllowMod).setClaim('note', 1).toJwt();
    assert.equal((await rostrum.call('GET', `/v2/rooms/${roomId}`, undefined, api)).status, 200);
    const guest = sdk.accessToken().setParticipant('gus').grant(Grant.AllowJoin).forRoom(roomId).toJwt();
    assert.equal((await rostrum.call('GET', '/v2/rooms', undefined, guest)).body.code, 4024);
    await assert.rejects(rostrum.events(roomId, { token: guest, participantId: 'eve' }), /4023/);
    await assert.rejects(rostrum.events(roomId, { token: api, participantId: 'api' }), /4024/);
    await (await rostrum.events(roomId, { token: guest, participantId: 'gus' })).close();
  });

  test('the plain calls of the client work', async () => {
    const { sdk, room } = stage();
    const { roomId } = room;
    assert.equal((await sdk.api.get(`/v2/rooms/${roomId}/`)).id, room.id);
    assert.equal((await sdk.request('POST', `/v2/rooms/validate/${roomId}`)).id, room.id);
    const { roomId: other } = await sdk.api.post('/v2/rooms', { body: {} });
    assert.equal((await sdk.api.post(`/v2/rooms/${other}`, { body: { status: 'disabled' } })).status, 'disabled');
    assert.equal((await sdk.api.post(`/v2/rooms/${other}`, { body: { status: 'enabled' } })).disabled, false);
    const { composition } = await sdk.api.patch(`/v2/rooms/${roomId}/composition`, { body: { theme: 'LIGHT' } });
    assert.equal(composition.theme, 'LIGHT');
    await assert.rejects(sdk.api.put('/v2/rooms', { body: {} }), { httpStatus: 405 });
    await assert.rejects(sdk.api.delete('/v2/rooms/x', { maxRetries: 0 }), { httpStatus: 405 });
  });
}
