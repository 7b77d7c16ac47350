// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What `rostrum` says to who uses it for the first time, or wrongly.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { Program, run, temporaryDirectory } from '../lib/process.js';
import { kBuild, Rostrum } from '../lib/rostrum.js';

const kProgram = path.join(kBuild, 'tools/rostrum/rostrum');

for (const [line, code, says] of [
  ['', 0, /^Self-hosted .*\n[^]*rostrum serve /],
  ['help', 0, /^Self-hosted/],
  ['help serve', 0, /--listen .*\(http:\/\/127\.0\.0\.1:8080\)/],
  ['serve --help', 0, /ROSTRUM_API_SECRET/],
  ['help serv', 2, /^rostrum: there is no command 'serv'; `rostrum help` lists them\n$/],
  ['serv', 2, /^rostrum: unknown command 'serv', did you mean 'serve'\?\n$/],
  ['--version', 0, /^rostrum \d+\.\d+\.\d+$/],
  ['serve --listn x', 2, /--listn: no such setting; did you mean '--listen'\?/],
  ['serve --webhook-url htps://user:word@example.org/?key=s', 2, /^[^]*--webhook-url: the value will not do; write a URL(?![^]*word)/],
  ['serve --history-days soon', 2, /--history-days: 'soon' will not do; write a whole number/],
  ['token --permissions ask_join,allow_mod', 2, /--permissions: ask_join stands alone/],
  ['token --roles host', 2, /--roles: there are rtc and crawler, not 'host'/],
  ['key', 2, /write what to do with keys; `rostrum help key`/],
  ['webhook', 2, /write what to do with webhooks; `rostrum help webhook`/],
  ['webhook lst', 2, /'lst' is nothing that can be done with webhooks; did you mean 'list'\?/],
  ['webhook verfy', 2, /did you mean 'verify'\?/],
  ['webhook list --token t', 2, /--token: a secret on the command line can be read by every user .*ROSTRUM_TOKEN/],
  ['graph --session s --token=t', 2, /ROSTRUM_TOKEN/],
  ['key list --name help', 0, /^KEY /],
  ['webhook list --listen http://127.0.0.1:1', 1, /127\.0\.0\.1:1: .*; name the running server with --url, --state or --listen/],
  ['graph', 2, /which graph\? name a running one by --session ID/],
])
  test(`rostrum ${line}`, async () => {
    const directory = temporaryDirectory('command');
    try {
      const words = line.split(' ').filter(Boolean);
      const outcome = await run(kProgram, words, { env: { XDG_STATE_HOME: directory.path } });
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(code ? outcome.stderr : outcome.stdout, says);
      assert.equal(code ? outcome.stdout : outcome.stderr, '');
    } finally {
      directory.remove();
    }
  });

test('a database that is none is named', async () => {
  const directory = temporaryDirectory('damaged');
  try {
    fs.writeFileSync(path.join(directory.path, 'rostrum.db'), 'this was written by something else');
    const { code, stderr } = await run(kProgram, ['serve', '--listen', 'http://127.0.0.1:0', '--state', directory.path]);
    assert.equal(code, 1);
    assert.match(stderr, /^rostrum: \/.*\/rostrum\.db: file is not a database\n$/);
  } finally {
    directory.remove();
  }
});

test('a webhook key with a passphrase is refused, not asked for', async () => {
  const directory = temporaryDirectory('passphrase');
  try {
    const file = path.join(directory.path, 'key.pem');
    const encoding = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'word' };
    fs.writeFileSync(file, crypto.generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: encoding }).privateKey);
    const { code, stderr } = await run(kProgram, ['serve', '--listen', 'http://127.0.0.1:0', '--state', directory.path, '--webhook-key', file]);
    assert.equal(code, 2);
    assert.match(stderr, /key\.pem: not an RSA private key in PEM without a passphrase/);
    assert.doesNotMatch(stderr, /Enter/);
  } finally {
    directory.remove();
  }
});

test('`serve` and `token` started together are of one key', async () => {
  for (let round = 0; round < 4; ++round) {
    const directory = temporaryDirectory('first');
    const state = path.join(directory.path, 'state');
    const program = new Program(kProgram, ['serve', '--listen', 'http://127.0.0.1:0', '--state', state]);
    try {
      const { stdout } = await run(kProgram, ['token', '--state', state]);
      const [, url] = await program.line(/^listening (\S+)$/);
      assert.equal((await fetch(new URL('/v2/rooms', url), { headers: { authorization: stdout.trim() } })).status, 200);
    } finally {
      await program.stop();
      directory.remove();
    }
  }
});

test('a state directory has one server at a time', async () => {
  const rostrum = await Rostrum.start();
  try {
    const second = await run(kProgram, ['serve', '--listen', 'http://127.0.0.1:0', '--state', rostrum.state]);
    assert.equal(second.code, 2);
    assert.match(second.stderr, /another `rostrum serve` runs with this state directory; stop it, or choose another/);
    await rostrum.program.stop('SIGKILL');
    await rostrum.launch();
  } finally {
    await rostrum.stop();
  }
});
