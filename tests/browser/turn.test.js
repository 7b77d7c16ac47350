// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Through coturn, with the credentials that `rostrum serve` mints: Chromium may use nothing but its relay.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { blankPage, candidatePair, hostPage, viewerPage } from '../lib/browser_peers.js';
import { launchChromium } from '../lib/chromium.js';
import { Coturn } from '../lib/coturn.js';
import { iceServersOf } from '../../tools/web/assets/rostrum/ice_servers.js';
import { framesAdvance } from '../lib/frames.js';
import { Rostrum } from '../lib/rostrum.js';

let coturn;
let browser;

before(async () => {
  coturn = await Coturn.start();
  browser = await launchChromium();
  await browser.addInitScript(() => {
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration) {
        super({ ...configuration, iceTransportPolicy: 'relay' });
      }
    };
  });
});

after(async () => {
  await browser?.close();
  await coturn?.stop();
});

/** Runs `check(rostrum)` with a server that tells its clients of coturn. */
async function withTurn(transport, check) {
  const rostrum = await Rostrum.start({ args: ['--ice-servers', coturn.uri(transport)], env: { ROSTRUM_TURN_SECRET: coturn.secret } });
  try {
    await check(rostrum);
  } finally {
    await rostrum.stop();
  }
}

for (const transport of ['udp', 'tcp'])
  test(`host and viewer reach each other through TURN over ${transport}`, { timeout: 90_000 }, () =>
    withTurn(transport, async (rostrum) => {
      const room = await rostrum.room();
      const host = await hostPage(browser, rostrum, room, { participantId: `ann-${transport}` });
      const viewer = await viewerPage(browser, rostrum, room, { participantId: `vic-${transport}` });
      await framesAdvance(viewer, 60);
      for (const page of [host, viewer]) {
        const { local, remote } = await candidatePair(page);
        assert.equal(local.candidateType, 'relay');
        assert.equal(local.relayProtocol, transport);
        assert.equal(remote.candidateType, 'host');
      }
      const { iceServers } = await viewer.evaluate(() => [...window.peer.peers][0].pc.getConfiguration());
      assert.deepEqual(iceServers[0].urls, [coturn.uri(transport)]);
      const [expiry, participant] = iceServers[0].username.split(':');
      assert.equal(participant, `vic-${transport}`);
      assert.ok(Math.abs(Number(expiry) - Date.now() / 1000 - 86400) < 120, 'good for a day, as turn-lifetime says');
      assert.ok(coturn.said(iceServers[0].username).length > 0, 'coturn knows who it relays for');
      await Promise.all([host.close(), viewer.close()]);
    }),
  );

/** Asks coturn for a relay, in the page. @returns {Promise<string>} "relay", or the error that Chromium was given */
const allocation = (page, server) =>
  page.evaluate(async (iceServer) => {
    const pc = new RTCPeerConnection({ iceServers: [iceServer] });
    pc.createDataChannel('probe');
    const outcome = new Promise((resolve) => {
      pc.onicecandidate = ({ candidate }) => candidate?.type === 'relay' && resolve('relay');
      pc.onicecandidateerror = ({ errorCode }) => resolve(String(errorCode));
    });
    await pc.setLocalDescription();
    return outcome.finally(() => pc.close());
  }, server);

test('coturn takes what the server mints, and neither expired nor forged credentials', { timeout: 60_000 }, () =>
  withTurn('udp', async (rostrum) => {
    const room = await rostrum.room();
    const options = await fetch(new URL(`/whep/${room}?participantId=vic`, rostrum.url), {
      method: 'OPTIONS',
      headers: { authorization: rostrum.viewerToken(room) },
    });
    const [minted] = iceServersOf(options.headers.get('link'));
    const now = Math.floor(Date.now() / 1000);
    const server = (credentials) => ({ urls: minted.urls, ...credentials });
    const rows = [
      ['minted', minted, 'relay'],
      ['expired', server(coturn.credentials(`${now - 5}:vic`)), '401'],
      ['signed with another secret', server(coturn.credentials(`${now + 3600}:vic`, 'guess')), '401'],
      ['a longer life than was signed', { ...minted, username: minted.username.replace(/^\d+/, (expiry) => Number(expiry) + 1) }, '401'],
      ['somebody else', { ...minted, username: minted.username.replace('vic', 'eve') }, '401'],
    ];
    const page = await blankPage(browser, rostrum);
    for (const [name, credentials, wanted] of rows) assert.equal(await allocation(page, credentials), wanted, name);
    await page.close();
  }),
);
