// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test from 'node:test';

import { launchChromium } from '../../lib/chromium.js';
import { until } from '../../lib/deadline.js';
import { framesAdvance } from '../../lib/frames.js';
import { blankOrigin, connection } from '../../lib/whip_whep_page.js';

/** Plays with what sdk.whep.create() gave. */
const play = (page, { url, token }) =>
  page.evaluate(
    async ({ url, token }) => {
      const pc = (window.pc = new RTCPeerConnection());
      const video = Object.assign(document.createElement('video'), { autoplay: true, muted: true });
      document.body.append(video);
      const stream = (video.srcObject = new MediaStream());
      pc.ontrack = ({ track }) => stream.addTrack(track);
      for (const kind of ['audio', 'video']) pc.addTransceiver(kind, { direction: 'recvonly' });
      await pc.setLocalDescription();
      const headers = { 'content-type': 'application/sdp', authorization: token };
      const response = await fetch(url, { method: 'POST', headers, body: pc.localDescription.sdp });
      await pc.setRemoteDescription({ type: 'answer', sdp: await response.text() });
    },
    { url, token },
  );

/** Sound packets and pictures that came so far. */
const received = (page) =>
  page.evaluate(async () => {
    const reports = [...(await window.pc.getStats()).values()].filter((one) => one.type === 'inbound-rtp');
    return Object.fromEntries(reports.map((one) => [one.kind, one.packetsReceived]));
  });

/** Mutes a host on the server: what the page gets of it ends, and comes again. */
async function hearsAndSeesNothingOf({ sdk, room, viewer }, page, participantId) {
  const mute = (muted) => sdk.api.post('/v2/sessions/participants/mute', { body: { roomId: room.roomId, participantId, muted } });
  const from = viewer.messages.length;
  assert.deepEqual((await mute(true)).muted, { audio: true, video: true });
  await viewer.next('participant-mute-changed', ({ audio, video }) => audio && video, { from });
  let before = await received(page);
  await until('nothing comes for half a second', async () => {
    const start = performance.now();
    await until('half a second is over', () => performance.now() - start > 500);
    const now = await received(page);
    const still = now.audio === before.audio && now.video === before.video;
    before = now;
    return still;
  });
  await mute(false);
  await framesAdvance(page, 15);
  await until('sound comes again', async () => (await received(page)).audio > before.audio);
}

export function testWhipWhep(stage) {
  test('whip.create and whep.create give what a publisher and a player need; delete ends them', { timeout: 60000 }, async () => {
    const { sdk, room, sessionId } = stage();
    const { roomId } = room;
    const guest = sdk.whip.create(roomId, { name: 'Gus' });
    assert.match(guest.participantId, /^whip-/);
    assert.deepEqual([guest.streamKey, guest.displayName], [guest.token, 'Gus']);
    await stage().publish(guest);
    assert.equal((await sdk.participants.get(roomId, guest.participantId)).name, 'Gus');

    const origin = await blankOrigin();
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      await page.goto(origin.url);
      const playback = sdk.whep.create(roomId, { source: { participantId: 'host' } });
      await play(page, playback);
      await connection(page, 'connected');
      await framesAdvance(page, 15);
      await hearsAndSeesNothingOf(stage(), page, 'host');
      const active = async () => (await sdk.sessions.listActiveParticipants(sessionId)).data.map((one) => one.participantId);
      assert.ok((await active()).includes(playback.participantId));
      await sdk.whep.delete(playback);
      await until('the player is out', async () => !(await active()).includes(playback.participantId));
      assert.equal((await sdk.whip.delete(guest)) ?? '', '');
      await until('the publisher is out', async () => !(await active()).includes(guest.participantId));
    } finally {
      await browser.close();
      origin.close();
    }
    await assert.rejects(sdk.whip.delete(guest), { name: 'RoomNotFoundError' });
    await assert.rejects(sdk.whep.delete({ roomId: (await sdk.rooms.create()).roomId, participantId: 'x' }), { name: 'RoomNotFoundError' });
  });
}
