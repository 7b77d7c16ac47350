// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Where a livestream may go, as the API says it before anything starts.

import assert from 'node:assert/strict';
import dns from 'node:dns/promises';
import os from 'node:os';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { Rostrum } from '../lib/rostrum.js';

let rostrum;

before(async () => {
  rostrum = await Rostrum.start({ env: { ROSTRUM_ALLOW_PRIVATE_DESTINATIONS: 'false' } });
});

after(() => rostrum?.stop());

const start = (room, outputs) => rostrum.call('POST', '/v2/livestreams/start', { roomId: room, outputs });

test('this machine and its neighbours are no destinations unless the configuration allows them', async () => {
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  for (const host of [
    'localhost:1935',
    'LOCALHOST.',
    '127.0.0.1:22',
    '127.1',
    '2130706433',
    '10.0.0.1',
    '192.168.0.1',
    '172.31.255.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '[::1]:1935',
    '[::ffff:10.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[fd00::1]',
    '[fe80::1]',
  ]) {
    const { status, body } = await start(room, [
      { url: 'rtmp://a.example/live', streamKey: 'k' },
      { url: `rtmp://${host}/live`, streamKey: 'k' },
    ]);
    assert.deepEqual([status, body.code], [400, 4015], host);
    assert.match(body.message, /outputs\[1\].*allow-private-destinations/, host);
  }
  const { status, body } = await start(room, [{ url: 'srt://127.0.0.1:9000' }]);
  assert.deepEqual([status, body.code], [400, 4015]);
  assert.ok(!watcher.names().includes('livestream-state-changed'));
  await watcher.close();
});

test('a destination that cannot be is refused with what is wrong with it, and its secrets are not said back', async () => {
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  for (const [output, says] of [
    [{ url: 'rtmp://u:hunter2@a.example:99999/live', streamKey: 'hunter2' }, /port has to be/],
    [{ url: 'rtmp://a.example', streamKey: 'hunter2' }, /no application/],
    [{ url: 'rtmp://a.example/live' }, /no stream key/],
    [{ url: 'rtmp://2001:db8::1/live', streamKey: 'hunter2' }, /in brackets/],
    [{ url: 'rtmp://a.example/live', streamKey: 'hunter2\r\n' }, /control characters/],
    [{ url: 'rtmp://a.example/live', streamKey: 'hunter2'.repeat(100) }, /more than 512/],
    [{ url: 'srt://a.example?passphrase=hunter2hunter2' }, /needs a port/],
    [{ url: 'srt://a.example:9000?passphrase=hunter2' }, /10 to 79/],
    [{ url: 'srt://a.example:9000?mode=listener&passphrase=hunter2hunter2' }, /caller/],
    [{ url: 'http://a.example/hunter2' }, /begin with rtmp/],
  ]) {
    const { status, body } = await start(room, [output]);
    assert.deepEqual([status, body.code], [400, 4015], output.url);
    assert.match(body.message, says);
    assert.doesNotMatch(JSON.stringify(body), /hunter2/);
  }
  const many = Array.from({ length: 11 }, () => ({ url: 'rtmp://a.example/live', streamKey: 'k' }));
  assert.equal((await start(room, many)).status, 400);
  assert.ok(!watcher.names().includes('livestream-state-changed'));
  await watcher.close();
});

test('a name that leads to this machine is refused when it is resolved, for good and with the setting that allows it', async (t) => {
  const address = await dns.lookup(os.hostname()).catch(() => null);
  if (!address) return t.skip('the name of this machine does not resolve');
  const room = await rostrum.room();
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const { status, body } = await start(room, [
    { url: `rtmp://${os.hostname()}:9/live`, streamKey: 'k' },
    { url: `srt://${os.hostname()}:9` },
  ]);
  assert.equal(status, 200, JSON.stringify(body));
  const livestream = await until(
    'it has failed',
    async () => {
      const now = await rostrum.ok('GET', `/v2/livestreams/${body.id}`);
      return now.status === 'failed' && now;
    },
    20000,
  );
  for (const output of livestream.outputs) {
    assert.deepEqual([output.state, output.attempts], ['failed', 1]);
    assert.match(output.error, /allow-private-destinations/);
  }
  await watcher.close();
});
