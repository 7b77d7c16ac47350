// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { run } from '../lib/process.js';
import { kBuild, Rostrum } from '../lib/rostrum.js';

let rostrum;

before(async () => {
  rostrum = await Rostrum.start();
});
after(() => rostrum?.stop());

const graph = (...args) =>
  run(path.join(kBuild, 'tools/rostrum/rostrum'), ['graph', '--state', rostrum.state, ...args], {
    env: { ROSTRUM_API_KEY: rostrum.credentials.key, ROSTRUM_API_SECRET: rostrum.credentials.secret },
  });

test('of a running session: as planned, and as it runs', async () => {
  const ann = await rostrum.events(await rostrum.room());
  const of = (...args) => graph('--url', rostrum.url, '--session', ann.joined.sessionId, ...args);
  assert.match((await of()).stdout, /viewerfanout name=program_fanout/);
  assert.match((await of('--format', 'running')).stdout, /viewerfanout$/m);
  assert.match((await of('--format', 'dot')).stdout, /^digraph/);
  assert.equal((await of('--format', 'png')).code, 1);
  await ann.close();
  const unknown = await graph('--url', rostrum.url, '--session', '0'.repeat(24));
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /no such session/);
});

test('of a described session: one host passes through, a recording makes it composed', async () => {
  const file = path.join(rostrum.directory.path, 'plan.json');
  const state = { roomId: 'r', sessionId: '0'.repeat(24), hosts: [{ participant: 'ann' }] };
  fs.writeFileSync(file, JSON.stringify(state));
  const passthrough = await graph('--plan', file);
  assert.equal(passthrough.code, 0, passthrough.stderr);
  assert.doesNotMatch(passthrough.stdout, /enc|livecompositor/);
  fs.writeFileSync(file, JSON.stringify({ ...state, recordings: [{ id: '1'.repeat(24), path: '/tmp/a.mp4' }] }));
  assert.match((await graph('--plan', file)).stdout, /livecompositor/);
  fs.writeFileSync(file, '{');
  assert.equal((await graph('--plan', file)).code, 1);
  assert.equal((await graph()).code, 2);
});
