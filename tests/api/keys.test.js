// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { EventClient } from '../lib/events.js';
import { Program, run, temporaryDirectory } from '../lib/process.js';
import { kBuild, Rostrum } from '../lib/rostrum.js';
import { mint } from '../lib/token.js';

const kProgram = path.join(kBuild, 'tools/rostrum/rostrum');

let rostrum;

before(async () => {
  rostrum = await Rostrum.start();
});
after(() => rostrum?.stop());

/** `rostrum` beside the server, on its state directory. */
const rostrumCli = (args, env = {}) =>
  run(kProgram, [...args, '--state', rostrum.state], {
    env: { ROSTRUM_API_KEY: rostrum.credentials.key, ROSTRUM_API_SECRET: rostrum.credentials.secret, ...env },
  });

async function key(...args) {
  const { code, stdout, stderr } = await rostrumCli(['key', ...args]);
  assert.equal(code, 0, stderr);
  const pair = stdout.match(/^api-key = (\S+)\napi-secret = (\S+)$/);
  return pair ? { key: pair[1], secret: pair[2] } : stdout;
}

/** What the server says to a token of that pair: 200, or the code of its refusal. */
async function says(credentials, claims) {
  const { status, body } = await rostrum.call('GET', '/v2/rooms', undefined, mint(credentials, claims));
  return status === 200 ? 200 : body.code;
}
const saysSoon = (credentials, answer) => until(`the server says ${answer}`, async () => (await says(credentials)) === answer);

test('a new pair works at once and beside the one of the configuration', async () => {
  const pair = await key('create', '--name', 'studio backend');
  assert.equal(await says({ ...pair, key: 'rostrum-nobody' }), 4001);
  await saysSoon(pair, 200);
  assert.equal(await says(rostrum.credentials), 200);
  assert.equal(await says({ key: rostrum.credentials.key, secret: pair.secret }), 4002, 'secrets are not exchangeable');
  assert.equal(await says({ key: pair.key, secret: rostrum.credentials.secret }), 4002);
  const room = (await rostrum.call('POST', '/v2/rooms', {}, mint(pair))).body;
  assert.equal((await rostrum.ok('GET', `/v2/rooms/${room.roomId}`)).id, room.id, 'all keys see everything');
  const listed = (await key('list')).split('\n');
  assert.match(listed.find((line) => line.startsWith(rostrum.credentials.key)), /enabled .*of the configuration/);
  assert.match(
    listed.find((line) => line.startsWith(pair.key)),
    /enabled +\d{4}-\d\d-\d\dT\d\d:\d\dZ +\d{4}-\d\d-\d\dT\d\d:\d\dZ +- +studio backend/,
    'with the time of its last use',
  );
});

test('rotation: both secrets, then the new one alone', async () => {
  const first = await key('create');
  await saysSoon(first, 200);
  const second = await key('rotate', first.key, '--keep', '1h');
  assert.equal(second.key, first.key);
  assert.notEqual(second.secret, first.secret);
  await saysSoon(second, 200);
  assert.equal(await says(first), 200);
  assert.match(await key('list'), new RegExp(`${first.key} +enabled .*\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\dZ +$`, 'm'));
  await key('retire-old', first.key);
  await saysSoon(first, 4002);
  assert.equal(await says(second), 200);

  const third = await key('rotate', first.key, '--keep', '2s');
  await saysSoon(third, 200);
  assert.equal(await says(second), 200, 'in its time');
  await saysSoon(second, 4002);
  assert.equal(await says(third), 200);
  const fourth = await key('rotate', first.key, '--keep', '0');
  await saysSoon(fourth, 200);
  assert.equal(await says(third), 4002);
});

test('who is in a session stays when the key is rotated', async () => {
  const pair = await key('create');
  await saysSoon(pair, 200);
  const room = await rostrum.room();
  const member = await rostrum.events(room, { participantId: 'ann', token: mint(pair, { roomId: room }) });
  await key('rotate', pair.key, '--keep', '0');
  await saysSoon(pair, 4002);
  member.send('ping');
  await member.next('pong');
  await member.close();
});

test('disabled, enabled, deleted', async () => {
  const pair = await key('create');
  await saysSoon(pair, 200);
  await key('disable', pair.key);
  await saysSoon(pair, 4053);
  assert.match((await rostrum.call('GET', '/v2/rooms', undefined, mint(pair))).body.message, /disabled/);
  assert.equal((await rostrum.call('GET', '/v2/rooms', undefined, mint(pair))).status, 401);
  const joining = new EventClient(rostrum.url, await rostrum.room(), { token: mint(pair) });
  assert.equal((await joining.closed).code, 4053);
  assert.match((await key('list')).split('\n').find((line) => line.startsWith(pair.key)), /disabled/);
  await key('enable', pair.key);
  await saysSoon(pair, 200);
  await key('delete', pair.key);
  await saysSoon(pair, 4001);
  assert.ok(!(await key('list')).includes(pair.key));
});

test('rostrum token --key', async () => {
  const pair = await key('create');
  await saysSoon(pair, 200);
  const { stdout } = await rostrumCli(['token', '--key', pair.key]);
  assert.equal((await rostrum.call('GET', '/v2/rooms', undefined, stdout.trim())).status, 200);
  assert.equal(JSON.parse(Buffer.from(stdout.split('.')[1], 'base64url')).apikey, pair.key);
  await key('disable', pair.key);
  for (const [name, message] of [
    [pair.key, /disabled; `rostrum key enable/],
    ['nobody', /no key 'nobody'; `rostrum key list`/],
  ]) {
    const { code, stdout: printed, stderr } = await rostrumCli(['token', '--key', name]);
    assert.deepEqual([code, printed], [1, '']);
    assert.match(stderr, message);
  }
});

test('what cannot be done is said', async () => {
  for (const [args, status, message] of [
    [['key'], 2, /what to do with keys/],
    [['key', 'creat'], 2, /did you mean 'create'/],
    [['key', 'rotate'], 2, /write `rostrum key rotate KEY`/],
    [['key', 'rotate', 'a', 'b'], 2, /write `rostrum key rotate KEY`/],
    [['key', 'rotate', 'a', '--keep', 'soon'], 2, /--keep: write a time/],
    [['key', 'rotate', 'nobody'], 1, /no key 'nobody'/],
    [['key', 'delete', 'nobody'], 1, /no key 'nobody'/],
    [['key', 'rotate', rostrum.credentials.key], 1, /of the configuration: change api-secret there/],
  ]) {
    const { code, stderr } = await rostrumCli(args);
    assert.equal(code, status, args.join(' '));
    assert.match(stderr, message, args.join(' '));
  }
});

test('the secret before the one of the configuration', async () => {
  const before = { key: rostrum.credentials.key, secret: crypto.randomBytes(32).toString('hex') };
  assert.equal(await says(before), 4002);
  await rostrum.program.stop();
  rostrum.env = { ROSTRUM_OLD_API_SECRET: before.secret };
  await rostrum.launch();
  assert.equal(await says(before), 200);
  assert.equal(await says(rostrum.credentials), 200);
});

test('secrets are encrypted where they lie, and nothing else tells them', async () => {
  const pair = await key('create');
  await saysSoon(pair, 200);
  assert.equal(fs.statSync(path.join(rostrum.state, 'master.key')).mode & 0o777, 0o600);
  for (const name of fs.readdirSync(rostrum.state).filter((file) => file.startsWith('rostrum.')))
    assert.ok(!fs.readFileSync(path.join(rostrum.state, name)).includes(pair.secret), name);
  assert.ok(!rostrum.program.stderr.includes(pair.secret));
  assert.ok(!(await key('list')).includes(pair.secret));
});

test('a master key that is wrong, damaged or gone', async () => {
  const directory = temporaryDirectory('master');
  const keyFile = path.join(directory.path, 'master.key');
  const on = (...args) => run(kProgram, [...args, '--state', directory.path]);
  try {
    const made = await on('key', 'create');
    const [, name] = made.stdout.match(/api-key = (\S+)/);
    const right = fs.readFileSync(keyFile);
    const serve = () => run(kProgram, ['serve', '--listen', 'http://127.0.0.1:0', '--state', directory.path]);

    fs.writeFileSync(keyFile, crypto.randomBytes(32).toString('base64'));
    for (const outcome of [await serve(), await on('token', '--key', name), await on('key', 'create')]) {
      assert.equal(outcome.code, 1);
      assert.match(outcome.stderr, new RegExp(`${name} cannot be decrypted: .*master key`));
    }
    assert.match((await on('key', 'list')).stdout, new RegExp(name), 'listing needs no master key');

    fs.writeFileSync(keyFile, 'short');
    const damaged = await serve();
    assert.equal(damaged.code, 2);
    assert.match(damaged.stderr, /master\.key: not a master key/);

    fs.rmSync(keyFile);
    assert.match((await serve()).stderr, /cannot be decrypted/);

    const given = { ROSTRUM_MASTER_KEY: right.toString().trim() };
    const program = new Program(kProgram, ['serve', '--listen', 'http://127.0.0.1:0', '--state', directory.path], { env: given });
    await program.line(/^listening /);
    await program.stop();
    const bad = await run(kProgram, ['key', 'list', '--state', directory.path], { env: { ROSTRUM_MASTER_KEY: 'abc' } });
    assert.equal(bad.code, 2);
    assert.match(bad.stderr, /master-key: write 32 bytes in base64/);
    assert.ok(!bad.stderr.includes('abc'));
    const argv = await run(kProgram, ['key', 'list', '--state', directory.path, '--master-key', 'abc']);
    assert.match(argv.stderr, /command line can be read/);

    assert.equal((await on('key', 'delete', name)).code, 0, 'the way out');
    assert.equal((await on('key', 'create')).code, 0);
  } finally {
    directory.remove();
  }
});
