// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Networks that block UDP, and machines with several addresses.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { candidatePair, hostPage, soundHeard, viewerPage } from '../lib/browser_peers.js';
import { launchChromium } from '../lib/chromium.js';
import { framesAdvance } from '../lib/frames.js';
import { Rostrum } from '../lib/rostrum.js';

const kBlockUdp = '--webrtc-ip-handling-policy=disable_non_proxied_udp';
let open;
let blocked;

before(async () => {
  open = await launchChromium();
  blocked = await launchChromium({ flags: [kBlockUdp] });
});

after(async () => {
  await open?.close();
  await blocked?.close();
});

/** Runs `check(rostrum, room)` with a server of its own. */
async function withRostrum(args, check) {
  const rostrum = await Rostrum.start({ args });
  try {
    await check(rostrum, await rostrum.room());
  } finally {
    await rostrum.stop();
  }
}

/** Transport and address of the candidates that a page was offered. */
const offered = (page) =>
  page.evaluate(() =>
    [...window.peer.peers][0].pc.remoteDescription.sdp
      .split('\r\n')
      .filter((line) => line.startsWith('a=candidate:'))
      .map((line) => line.split(' '))
      .map(([, , transport, , address]) => `${transport} ${address}`),
  );

test('where UDP is blocked host and viewer get through by TCP; others keep to UDP', { timeout: 90_000 }, () =>
  withRostrum([], async (rostrum, room) => {
    const host = await hostPage(blocked, rostrum, room);
    const viewer = await viewerPage(blocked, rostrum, room);
    const other = await viewerPage(open, rostrum, room, { participantId: 'other' });
    await framesAdvance(viewer, 60);
    await framesAdvance(other, 30);
    await soundHeard(viewer);
    for (const [page, protocol] of [
      [host, 'tcp'],
      [viewer, 'tcp'],
      [other, 'udp'],
    ]) {
      const { local, remote } = await candidatePair(page);
      assert.deepEqual([local.protocol, remote.protocol], [protocol, protocol]);
    }
    await Promise.all([host.close(), viewer.close(), other.close()]);
  }),
);

test('every public address is offered, by UDP and TCP, one port per shard', { timeout: 60_000 }, () =>
  withRostrum(['--public-address', '127.0.0.1,::1', '--shards', '3'], async (rostrum, room) => {
    const host = await hostPage(open, rostrum, room);
    const viewers = [];
    for (const n of [1, 2, 3]) viewers.push(await viewerPage(open, rostrum, room, { participantId: `vic-${n}` }));
    for (const viewer of viewers) await framesAdvance(viewer, 30);
    assert.deepEqual(await offered(viewers[0]), ['udp 127.0.0.1', 'udp ::1', 'tcp 127.0.0.1', 'tcp ::1']);
    const pairs = await Promise.all(viewers.map(candidatePair));
    assert.equal(new Set(pairs.map(({ remote }) => remote.port)).size, 3);
    await Promise.all([host, ...viewers].map((page) => page.close()));
  }),
);

test('without ice-tcp only UDP is offered', { timeout: 60_000 }, () =>
  withRostrum(['--ice-tcp=false'], async (rostrum, room) => {
    const host = await hostPage(open, rostrum, room);
    assert.deepEqual(await offered(host), ['udp 127.0.0.1']);
    await host.close();
  }),
);
