// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';

import jwt from 'jsonwebtoken';

import { EventClient } from '../lib/events.js';
import { run } from '../lib/process.js';
import { kBuild, Rostrum } from '../lib/rostrum.js';

let rostrum;
let room;
let key;
let secret;

before(async () => {
  rostrum = await Rostrum.start();
  ({ key, secret } = rostrum.credentials);
  room = await rostrum.room();
});
after(() => rostrum?.stop());

const seconds = () => Math.floor(Date.now() / 1000);
/** Claims that are undefined are left out. */
const sign = (claims, options = {}, withSecret = secret) =>
  jwt.sign(
    JSON.parse(JSON.stringify({ apikey: key, permissions: ['allow_join', 'allow_mod'], version: 2, exp: seconds() + 3600, ...claims })),
    withSecret,
    options,
  );

async function get(authorization) {
  const response = await fetch(`${rostrum.url}/v2/rooms/${room}`, { headers: authorization ? { authorization } : {} });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

test('a token of any JWT library is taken, raw or after Bearer', async () => {
  for (const form of [sign({}), `Bearer ${sign({})}`, `bearer ${sign({})}`]) assert.equal((await get(form)).body.roomId, room);
});

test('each token that will not do is refused with its own words', async () => {
  const unsigned = jwt.sign({ apikey: key, exp: seconds() + 60 }, null, { algorithm: 'none' });
  const { privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  const rows = [
    ['no token', undefined, 401, 4002, /no token/],
    ['garbage', 'garbage', 401, 4002, /not a JWT/],
    ['cut short', sign({}).slice(0, -10), 401, 4002, /signature/],
    ['oversized', `${'a'.repeat(9000)}.b.c`, 401, 4002, /too long/],
    ['alg none', unsigned, 401, 4002, /algorithm/],
    ['alg HS512', sign({}, { algorithm: 'HS512' }), 401, 4002, /algorithm/],
    ['alg RS256', sign({}, { algorithm: 'RS256' }, privateKey), 401, 4002, /algorithm/],
    ['bad signature', sign({}, {}, 'another secret'), 401, 4002, /signature/],
    ['expired', sign({ exp: seconds() - 5 }), 401, 4002, /Token is invalid or expired: it expired/],
    ['not yet valid', sign({}, { notBefore: 60 }), 401, 4002, /not valid yet/],
    ['no exp', sign({ exp: undefined }), 401, 4002, /`exp`/],
    ['wrong apikey', sign({ apikey: 'other' }), 401, 4001, /apikey/],
    ['wrong room', sign({ roomId: 'aaaa-bbbb-cccc' }), 403, 4022, /another room/],
    ['wrong role', sign({ roles: ['rtc'] }), 403, 4024, /role/],
    ['ask_join mixed', sign({ permissions: ['ask_join', 'allow_join'] }), 403, 4008, /ask_join/],
  ];
  const messages = new Set();
  for (const [name, token, status, code, message] of rows) {
    const answer = await get(token);
    assert.equal(answer.status, status, name);
    assert.equal(answer.body.code, code, name);
    assert.match(answer.body.message, message, name);
    assert.equal(answer.headers.get('x-request-id'), answer.body.requestId, name);
    assert.ok(!answer.body.message.includes(secret), name);
    messages.add(answer.body.message.replace(/at \S+$/, ''));
  }
  assert.ok(messages.size >= rows.length - 4, 'messages tell the cases apart');
});

test('a token without allow_mod cannot moderate', async () => {
  const token = sign({ permissions: ['allow_join'] });
  for (const [route, body] of [
    ['/v2/rooms/deactivate', { roomId: room }],
    ['/v2/sessions/end', { roomId: room }],
    ['/v2/sessions/participants/remove', { roomId: room, participantId: 'x' }],
    ['/v2/livestreams/start', { roomId: room, outputs: [{ url: 'rtmp://127.0.0.1/x', streamKey: 'k' }] }],
    ['/v2/livestreams/end', { roomId: room }],
    ['/v2/recordings/start', { roomId: room }],
    ['/v2/recordings/end', { roomId: room }],
  ]) {
    const { status, body: refusal } = await rostrum.call('POST', route, body, token);
    assert.deepEqual([status, refusal.code], [403, 4025], route);
  }
});

test('joining by WebSocket: a refusal comes as an event and as the close code', async () => {
  const rows = [
    ['no token', {}, 4002],
    ['expired', { token: sign({ exp: seconds() - 5 }) }, 4002],
    ['wrong apikey', { token: sign({ apikey: 'other' }) }, 4001],
    ['wrong room', { token: sign({ roomId: 'aaaa-bbbb-cccc' }) }, 4022],
    ['wrong participant', { token: sign({ participantId: 'ann' }), participantId: 'bob' }, 4023],
    ['wrong role', { token: sign({ roles: ['crawler'] }) }, 4024],
    ['missing permission', { token: sign({ permissions: ['allow_mod'] }) }, 4025],
    ['ask_join alone', { token: sign({ permissions: ['ask_join'] }) }, 4025],
    ['ask_join mixed', { token: sign({ permissions: ['ask_join', 'allow_mod'] }) }, 4008],
    ['participant id with a blank', { token: sign({}), participantId: 'a b' }, 4004],
    ['more than the mode allows', { token: sign({ mode: 'RECV_ONLY' }), mode: 'SEND_AND_RECV' }, 3066],
    ['no such mode', { token: sign({}), mode: 'HOST' }, 3066],
  ];
  for (const [name, query, code] of rows) {
    const client = new EventClient(rostrum.url, room, query);
    const closed = await client.closed;
    assert.equal(closed.code, code, name);
    assert.deepEqual([client.messages[0].event, client.messages[0].data.code], ['error', code], name);
  }
  const client = new EventClient(rostrum.url, 'aaaa-bbbb-cccc', { token: sign({}) });
  assert.equal((await client.closed).code, 4003, 'unknown room');
  assert.equal((await rostrum.call('GET', '/v2/sessions?status=ongoing')).body.data.length, 0, 'no session was started');
});

test('WHIP and WHEP: wrong participant, wrong role, wrong mode, missing permission', async () => {
  const offer = 'v=0\r\n';
  const post = async (route, token) => {
    const response = await fetch(rostrum.url + route, {
      method: 'POST',
      headers: { authorization: token, 'content-type': 'application/sdp' },
      body: offer,
    });
    return [response.status, (await response.json()).code];
  };
  assert.deepEqual(await post(`/whip/${room}`, sign({ mode: 'RECV_ONLY' })), [403, 3066]);
  assert.deepEqual(await post(`/v2/whip?roomId=${room}`, sign({ mode: 'SIGNALLING_ONLY' })), [403, 3066]);
  assert.deepEqual(await post(`/whep/${room}`, sign({ mode: 'SIGNALLING_ONLY' })), [403, 3066]);
  assert.deepEqual(await post(`/whip/${room}?participantId=bob`, sign({ participantId: 'ann' })), [403, 4023]);
  assert.deepEqual(await post(`/whip/${room}`, sign({ roles: ['crawler'] })), [403, 4024]);
  assert.deepEqual(await post(`/whip/${room}`, sign({ permissions: ['allow_mod'] })), [403, 4025]);
  assert.deepEqual(await post(`/whip/${room}`, sign({ roomId: 'aaaa-bbbb-cccc' })), [403, 4022]);
});

test('rostrum token mints what the server takes', async () => {
  const program = path.join(kBuild, 'tools/rostrum/rostrum');
  const env = { ROSTRUM_API_KEY: key, ROSTRUM_API_SECRET: secret };
  const mint = async (...args) => (await run(program, ['token', '--state', rostrum.state, ...args], { env })).stdout.trim();

  const host = jwt.verify(await mint('--room', room, '--mode', 'host'), secret, { algorithms: ['HS256'] });
  assert.deepEqual(host.permissions, ['allow_join', 'allow_mod']);
  assert.deepEqual([host.apikey, host.roomId, host.mode, host.version], [key, room, 'SEND_AND_RECV', 2]);
  assert.equal(host.exp - host.iat, 7200);
  const viewer = jwt.verify(await mint('--room', room, '--mode', 'viewer', '--participant', 'eve', '--ttl', '5m'), secret);
  assert.deepEqual([viewer.permissions, viewer.mode, viewer.participantId], [['allow_join'], 'RECV_ONLY', 'eve']);
  assert.equal(viewer.exp - viewer.iat, 300);
  assert.equal((await get(await mint())).status, 200);

  const wrong = await run(program, ['token', '--state', rostrum.state, '--mode', 'hots', '--ttl', 'x'], { env });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--mode: .*\n.*--ttl: /);
});

test('secrets are in no process list and no log, generated files are private', async () => {
  const cmdline = fs.readFileSync(`/proc/${rostrum.pid}/cmdline`, 'utf8');
  assert.ok(!cmdline.includes(secret));
  assert.ok(!rostrum.program.stderr.includes(secret));
  for (const name of ['rostrum.conf', 'webhook-rsa.pem', 'rostrum.db'])
    assert.equal(fs.statSync(path.join(rostrum.state, name)).mode & 0o777, 0o600, name);
});
