// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { Program } from '../lib/process.js';
import { Rostrum } from '../lib/rostrum.js';

const kServer = path.resolve(import.meta.dirname, '../../docs/examples/app-server/server.mjs');
let rostrum;
let app;
let base;

before(async () => {
  rostrum = await Rostrum.start();
  const { key, secret } = rostrum.credentials;
  app = new Program(process.execPath, [kServer], {
    env: { ROSTRUM_URL: rostrum.url, ROSTRUM_API_KEY: key, ROSTRUM_API_SECRET: secret, HOST_PASSWORD: 'open', PORT: '0' },
  });
  [, base] = await app.line(/listening (\S+)/);
});

after(async () => {
  await app?.stop();
  await rostrum?.stop();
});

test('a host gets a stream with tokens that work, others do not', async () => {
  assert.equal((await fetch(`${base}/streams`, { method: 'POST' })).status, 403);
  const created = await fetch(`${base}/streams`, { method: 'POST', headers: { 'x-host-password': 'open' } });
  assert.equal(created.status, 201);
  const { streamId, token } = await created.json();
  assert.match(streamId, /^[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}$/);
  const host = await rostrum.events(streamId, { token, participantId: 'host', name: 'Host' });
  assert.ok(host.joined.permissions.includes('allow_mod'));

  const { token: viewerToken } = await (await fetch(`${base}/streams/${streamId}`)).json();
  const viewer = await rostrum.events(streamId, { token: viewerToken, participantId: 'viewer', mode: 'RECV_ONLY' });
  assert.ok(!viewer.joined.permissions.includes('allow_mod'));
  const refused = await rostrum.call('POST', '/v2/sessions/end', { roomId: streamId }, viewerToken);
  assert.equal(refused.status, 403);
  await viewer.close();
  await host.close();
});
