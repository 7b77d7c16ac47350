// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { run, temporaryDirectory } from '../lib/process.js';
import { kBuild, Rostrum } from '../lib/rostrum.js';

let rostrum;
let room;

before(async () => {
  rostrum = await Rostrum.start({
    args: ['--cors-origins', 'https://app.example, https://*.apps.example', '--cors-credentials', '--cors-max-age', '600'],
  });
  room = await rostrum.room();
});
after(() => rostrum?.stop());

async function headers(origin, { method = 'GET', route = `/v2/rooms/${room}`, more = {} } = {}) {
  const response = await fetch(rostrum.url + route, {
    method,
    headers: { authorization: rostrum.token(), ...(origin && { origin }), ...more },
  });
  await response.arrayBuffer();
  return { status: response.status, get: (name) => response.headers.get(`access-control-${name}`), vary: response.headers.get('vary') };
}

test('origins of the list are told so, others are served and told nothing', async () => {
  for (const origin of ['https://app.example', 'https://one.apps.example']) {
    const answer = await headers(origin);
    assert.equal(answer.status, 200);
    assert.equal(answer.get('allow-origin'), origin);
    assert.equal(answer.get('allow-credentials'), 'true');
    for (const name of ['Location', 'Retry-After', 'Idempotent-Replayed']) assert.match(answer.get('expose-headers'), new RegExp(name));
    assert.match(answer.vary, /Origin/);
  }
  for (const origin of ['https://evil.example', 'http://app.example', 'https://app.example.evil.example', 'null', undefined]) {
    const answer = await headers(origin);
    assert.equal(answer.status, 200);
    assert.equal(answer.get('allow-origin'), null, origin);
    assert.equal(answer.get('allow-credentials'), null, origin);
    assert.match(answer.vary, /Origin/, 'a cache keeps them apart');
  }
  assert.equal((await headers('https://app.example', { route: '/v2/nothing' })).get('allow-origin'), 'https://app.example', 'errors too');
});

test('preflights', async () => {
  const preflight = { method: 'OPTIONS', route: `/whip/${room}`, more: { 'access-control-request-method': 'POST' } };
  const allowed = await headers('https://app.example', preflight);
  assert.ok(allowed.status === 204 || allowed.status === 200);
  assert.match(allowed.get('allow-methods'), /POST/);
  assert.match(allowed.get('allow-headers'), /Authorization/);
  assert.equal(allowed.get('max-age'), '600');
  assert.equal(allowed.get('allow-private-network'), null);
  const refused = await headers('https://evil.example', preflight);
  for (const name of ['allow-origin', 'allow-headers', 'max-age']) assert.equal(refused.get(name), null, name);

  const fromOutside = { ...preflight, more: { ...preflight.more, 'access-control-request-private-network': 'true' } };
  assert.equal((await headers('https://app.example', fromOutside)).get('allow-private-network'), 'true');
  assert.equal((await headers('https://evil.example', fromOutside)).get('allow-private-network'), null);
});


test('settings that make no sense', async () => {
  const directory = temporaryDirectory('cors');
  try {
    const serve = (...args) =>
      run(path.join(kBuild, 'tools/rostrum/rostrum'), ['serve', '--state', directory.path, '--listen', 'http://127.0.0.1:0', ...args]);
    const any = await serve('--cors-credentials');
    assert.equal(any.code, 2);
    assert.match(any.stderr, /cors-credentials: .*name the origins/);
    const slash = await serve('--cors-origins', 'https://app.example/');
    assert.equal(slash.code, 2);
    assert.match(slash.stderr, /--cors-origins: 'https:\/\/app\.example\/' will not do; write \* or origins/);
  } finally {
    directory.remove();
  }
});
