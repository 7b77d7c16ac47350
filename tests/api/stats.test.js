// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What the statistics say of paths whose loss is known.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { BottleneckEndpoint } from '../lib/bottleneck_endpoint.js';
import { until } from '../lib/deadline.js';
import { GstLaunch } from '../lib/gst_launch.js';
import { Rostrum } from '../lib/rostrum.js';

const kLossUp = 0.03; // of the host; viewers of its packets miss them too
const kLossDown = 0.15; // of one viewer
const kDelayMs = 40; // one way, of that viewer

let rostrum;

before(async () => {
  rostrum = await Rostrum.start();
});
after(() => rostrum?.stop());

const sum = (minutes, field) => minutes.reduce((total, minute) => total + minute[field], 0);
// The minute of which most was measured: a session may reach a second into the next one.
const fullest = (who) => {
  const measured = who.resolutionUsage.map(({ time, ...seconds }) => Object.values(seconds).reduce((a, b) => a + b, 0));
  return who.stats[measured.indexOf(Math.max(...measured))];
};

test('loss, delay, rates and scores of a host and two viewers', async () => {
  const room = await rostrum.room();
  const open = [];
  const watch = async (participantId, links) => {
    const endpoint = await BottleneckEndpoint.open(new URL(`/whep/${room}?participantId=${participantId}`, rostrum.url), rostrum.viewerToken(room), links);
    const player = new GstLaunch(`streamsrc uri=whep+${endpoint.url} ! fakesink async=false`);
    open.push(() => player.stop(), () => endpoint.close());
  };
  try {
    const whip = await BottleneckEndpoint.open(new URL(`/whip/${room}?participantId=ann`, rostrum.url), rostrum.hostToken(room), { up: { loss: kLossUp } });
    open.push(() => whip.close());
    const events = await rostrum.events(room, { participantId: 'watcher' });
    const id = events.joined.sessionId;
    await rostrum.testHost(room, { participantId: 'ann', whip: whip.url, args: ['--width', '640', '--height', '360', '--bitrate', '600'] });
    await events.next('stream-enabled', ({ kind }) => kind === 'video');
    await watch('bob', { down: { loss: kLossDown, delayMs: kDelayMs }, up: { delayMs: kDelayMs } });
    await watch('eve', {});
    const stats = async (who, spelling = 'participant') => rostrum.ok('GET', `/v2/sessions/${id}/${spelling}/${who}/stats`);
    const lossOf = async (who) => sum((await stats(who)).stats, 'recvVideoPacketLost');
    await until("bob's losses are told while the session runs", async () => (await lossOf('bob')) > 30, 40000);

    await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
    await until('it is over', async () => (await rostrum.ok('GET', `/v2/sessions/${id}`)).end);
    const [ann, bob, eve] = [await stats('ann'), await stats('bob'), await stats('eve', 'participants')];

    assert.ok(sum(ann.stats, 'sendVideoPacketLost') + sum(ann.stats, 'sendAudioPacketLost') > 10, JSON.stringify(ann.stats));
    assert.equal(sum(ann.stats, 'recvVideoPacketLost'), 0);
    assert.ok(fullest(ann).averageSendVideoBitrate > 100 && fullest(ann).averageSendVideoBitrate < 1500, JSON.stringify(ann.stats));
    assert.ok(fullest(ann).averageSendAudioBitrate > 5);

    assert.ok(sum(bob.stats, 'recvVideoPacketLost') > 30, JSON.stringify(bob.stats));
    const rtt = fullest(bob).averageVideoRtt;
    assert.ok(rtt >= 2 * kDelayMs - 5 && rtt < 2 * kDelayMs + 100, `${rtt} ms`);
    assert.ok(fullest(bob).averageRecvVideoBitrate > 100);
    assert.ok(fullest(bob).averageVideoJitter >= 0);

    assert.ok(sum(eve.stats, 'recvVideoPacketLost') < sum(bob.stats, 'recvVideoPacketLost') / 2, JSON.stringify(eve.stats));
    assert.ok(fullest(eve).qualityScore.video > fullest(bob).qualityScore.video);
    assert.ok(fullest(eve).qualityScore.audio > 3.5, JSON.stringify(eve.stats));
    assert.ok(fullest(bob).qualityScore.audio < 3.2, JSON.stringify(bob.stats));
    for (const one of [ann, bob, eve]) {
      assert.ok(sum(one.resolutionUsage, '360') > 0, JSON.stringify(one.resolutionUsage));
      assert.equal(sum(one.resolutionUsage, '1080'), 0);
      assert.equal(one.resolutionUsage.length, one.stats.length);
      for (const { time } of one.stats) assert.match(time, /:00\.000Z$/);
    }
    assert.equal(bob.deviceInfo.sdkType, 'whep');

    const whole = await rostrum.ok('GET', `/v2/sessions/${id}/stats`);
    assert.deepEqual([whole.sessionId, whole.meetingId], [id, room]);
    for (const field of ['recvVideoPacketLost', 'sendVideoPacketLost'])
      assert.equal(sum(whole.stats, field), sum([...ann.stats, ...bob.stats, ...eve.stats], field), field);

    await rostrum.program.stop();
    await rostrum.launch();
    assert.deepEqual(await stats('bob'), bob, 'kept');
    assert.deepEqual((await rostrum.ok('GET', `/v2/sessions/${id}/participant/watcher/stats`)).stats, []);
    assert.equal((await rostrum.call('GET', `/v2/sessions/${id}/participant/nobody/stats`)).status, 404);
  } finally {
    for (const close of open) await close();
  }
});
