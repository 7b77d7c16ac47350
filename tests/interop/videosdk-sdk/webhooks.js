// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test from 'node:test';

export function testWebhooks(stage) {
  test('the SDK verifies every webhook of this test, and no forged one', async () => {
    const { sdk, receiver, room, sessionId } = stage();
    const publicKey = await sdk.webhooks.getPublicKey();
    assert.match(publicKey, /^-----BEGIN PUBLIC KEY-----/);
    assert.ok(receiver.received.length > 40, receiver.types().join());
    for (const { raw, headers, type } of receiver.received) {
      const event = await sdk.webhooks.verify(raw, headers['videosdk-signature']);
      assert.deepEqual([event.type, event.webhookType], [type, type]);
      if (type.startsWith('session-') || type.startsWith('participant-')) assert.equal(event.data.meetingId, room.roomId);
      assert.equal(sdk.webhooks.verifySync(Buffer.from(raw), headers['videosdk-signature'], publicKey).type, type);
    }
    const types = new Set(receiver.types());
    for (const type of ['session-started', 'session-ended', 'participant-joined', 'participant-left', 'recording-starting', 'hls-playable'])
      assert.ok(types.has(type), type);
    const ended = receiver.received.find((one) => one.type === 'session-ended');
    assert.equal(ended.data.sessionId, sessionId);
    const signature = ended.headers['videosdk-signature'];
    await assert.rejects(sdk.webhooks.verify(`${ended.raw} `, signature), { name: 'WebhookVerificationError' });
    await assert.rejects(sdk.webhooks.verify(ended.raw, undefined), { name: 'WebhookVerificationError' });
    assert.throws(() => sdk.webhooks.verifySync(ended.raw.replace('session-ended', 'session-begun'), signature, publicKey), {
      name: 'WebhookVerificationError',
    });
  });
}
