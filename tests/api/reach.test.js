// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What WHIP and WHEP clients are told: STUN and TURN servers, and when to come again.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { run } from '../lib/process.js';
import { kBuild, Rostrum } from '../lib/rostrum.js';

const kSecret = 'a-secret-that-nobody-may-see';
const kServers = 'stun:stun.example:3478,turn:turn.example?transport=udp,turns:turn.example:443?transport=tcp';
const sample = (name) => fs.readFileSync(path.join(import.meta.dirname, '../fuzz/corpus/sdp_offer', name), 'utf8');
const kWatching = sample('chromium-viewer.sdp');
const kPublishing = sample('chromium-publisher.sdp');
let rostrum;

before(async () => {
  rostrum = await Rostrum.start({
    args: ['--ice-servers', kServers, '--turn-lifetime', '600', '--max-participants', '2'],
    env: { ROSTRUM_TURN_SECRET: kSecret },
  });
});
after(() => rostrum?.stop());

const offer = (route, sdp, authorization) =>
  fetch(new URL(route, rostrum.url), { method: 'POST', headers: { authorization, 'content-type': 'application/sdp' }, body: sdp });

/** Checks the Link headers of an answer to `participant`. */
function checkLinks(response, participant) {
  const links = response.headers.get('link').split(', ').filter((link) => link.includes('rel="ice-server"'));
  assert.equal(links.length, 3);
  assert.equal(links[0], '<stun:stun.example:3478>; rel="ice-server"');
  for (const [link, uri] of [
    [links[1], 'turn:turn.example?transport=udp'],
    [links[2], 'turns:turn.example:443?transport=tcp'],
  ]) {
    const [, username, credential] = link.match(
      /^<[^>]+>; rel="ice-server"; username="([^"]+)"; credential="([^"]+)"; credential-type="password"$/,
    );
    assert.ok(link.startsWith(`<${uri}>`));
    assert.equal(credential, crypto.createHmac('sha1', kSecret).update(username).digest('base64'));
    const [expiry, name] = username.split(':');
    assert.ok(Math.abs(Number(expiry) - Date.now() / 1000 - 600) < 60, username);
    assert.equal(decodeURIComponent(name), participant);
  }
}

test('the answers to WHIP and WHEP offers name the servers, with credentials of their own', async () => {
  const room = await rostrum.room();
  const published = await offer(`/whip/${room}?participantId=ann`, kPublishing, rostrum.hostToken(room));
  assert.equal(published.status, 201);
  checkLinks(published, 'ann');
  const hostile = 'v";x=,é';
  const watching = await offer(`/whep/${room}?participantId=${encodeURIComponent(hostile)}`, kWatching, rostrum.viewerToken(room));
  assert.equal(watching.status, 201);
  checkLinks(watching, hostile);
  assert.match(watching.headers.get('access-control-expose-headers'), /Link/);
});

test('OPTIONS tells those who could also post, and no preflight', async () => {
  const room = await rostrum.room();
  const options = (route, headers) => fetch(new URL(route, rostrum.url), { method: 'OPTIONS', headers });
  for (const route of [`/whep/${room}?`, `/whep/${room}/ann?`, `/v2/whep?roomId=${room}&`]) {
    const told = await options(`${route}participantId=vic`, { authorization: rostrum.viewerToken(room) });
    assert.equal(told.status, 200);
    assert.equal(told.headers.get('accept-post'), 'application/sdp');
    checkLinks(told, 'vic');
  }
  checkLinks(await options(`/whip/${room}?participantId=ann`, { authorization: rostrum.hostToken(room) }), 'ann');
  const rows = [
    ['preflight', `/whep/${room}`, { 'access-control-request-method': 'POST' }],
    ['rubbish for a token', `/whep/${room}`, { authorization: 'rubbish' }],
    ['a token for another room', `/whep/${room}`, { authorization: rostrum.viewerToken('abcd-efgh-ijkl') }],
    ['a viewer who would publish', `/whip/${room}`, { authorization: rostrum.viewerToken(room) }],
    ['no such room', '/whep/none-such-room', { authorization: rostrum.token() }],
  ];
  for (const [name, route, headers] of rows) {
    const answer = await options(route, headers);
    assert.equal(answer.status, 200, name);
    assert.equal(answer.headers.get('link'), null, name);
  }
});

test('a feed that is full answers 503 and when to come again', async () => {
  const room = await rostrum.room();
  const join = () => offer(`/whep/${room}?participantId=vic`, kWatching, rostrum.viewerToken(room));
  const first = await join();
  assert.deepEqual([first.status, (await join()).status], [201, 201]);
  const refused = await join(); // the session has room for this participant, viewerfanout has not
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers.get('retry-after')) > 0);
  assert.match((await refused.json()).message, /places are taken/);
  const token = rostrum.viewerToken(room);
  const left = await fetch(new URL(first.headers.get('location'), rostrum.url), { method: 'DELETE', headers: { authorization: token } });
  assert.equal(left.status, 200);
  await until('a place is free again', async () => (await join()).status === 201);
});

test('a viewer may want less than there is', async () => {
  const room = await rostrum.room();
  const token = rostrum.viewerToken(room);
  const join = (query) => offer(`/whep/${room}?participantId=vic&${query}`, kWatching, token);
  const refused = [
    ['maxLayer=high', /maxLayer has to be a whole number from 0 to 7/],
    ['maxLayer=8', /maxLayer has/],
    ['maxLayer=-1', /maxLayer has/],
    ['maxLayer=1.5', /maxLayer has/],
    ['maxBitrate=0', /maxBitrate has to be a whole number from 1 to 4294967294/],
    ['maxBitrate=4294967295', /maxBitrate has/],
    ['maxBitrate=1e6', /maxBitrate has/],
    ['maxBitrate=99999999999999999999', /maxBitrate has/],
  ];
  for (const [query, message] of refused) {
    const answer = await join(query);
    assert.equal(answer.status, 400, query);
    assert.match((await answer.json()).message, message);
  }
  assert.deepEqual((await rostrum.ok('GET', `/v2/sessions?roomId=${room}`)).data, [], 'nothing was started');

  const joined = await join('maxLayer=1&maxBitrate=500000');
  assert.equal(joined.status, 201);
  const patch = (body, type = 'application/json') =>
    fetch(new URL(joined.headers.get('location'), rostrum.url), {
      method: 'PATCH',
      headers: { authorization: token, 'content-type': type },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const rows = [
    [{ maxLayer: 0 }, 204],
    [{ maxBitrate: 300000 }, 204],
    [{ maxLayer: null, maxBitrate: null }, 204],
    [{ maxLayer: '1' }, 400],
    [{ maxLayer: 1.5 }, 400],
    [{ maxLayer: 8 }, 400],
    [{ maxBitrate: -5 }, 400],
    [{ maxLayer: 1, maxFrames: 5 }, 400],
    [{}, 400],
    ['[1]', 400],
    ['{', 400],
  ];
  for (const [body, status] of rows) assert.equal((await patch(body)).status, status, JSON.stringify(body));
  assert.equal((await patch('a=x', 'text/plain')).status, 415);
});

test('the secret reaches neither the session process nor a log', async () => {
  const room = await rostrum.room();
  const events = await rostrum.events(room, { participantId: 'ann' });
  const pid = await rostrum.sessionPid(events.joined.sessionId);
  assert.ok(!fs.readFileSync(`/proc/${pid}/environ`, 'utf8').includes(kSecret));
  assert.ok(!fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(kSecret));
  assert.ok(!(rostrum.program.stderr + rostrum.program.lines.join('\n')).includes(kSecret));
  await events.close();
});

test('TURN servers without their secret are an error of the configuration', async () => {
  const { code, stderr } = await run(path.join(kBuild, 'tools/rostrum/rostrum'), ['serve', '--ice-servers', kServers]);
  assert.equal(code, 2);
  assert.match(stderr, /turn:turn\.example\?transport=udp needs turn-secret; set ROSTRUM_TURN_SECRET/);
});
