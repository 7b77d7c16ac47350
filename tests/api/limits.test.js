// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';
import zlib from 'node:zlib';

import WebSocket from 'ws';

import { until, within } from '../lib/deadline.js';
import { run } from '../lib/process.js';
import { rawConnection } from '../lib/raw_http.js';
import { kBuild, Rostrum } from '../lib/rostrum.js';
import { mint } from '../lib/token.js';

/** A server for one test. */
async function serving(args, use) {
  const rostrum = await Rostrum.start({ args });
  try {
    await use(rostrum);
  } finally {
    await rostrum.stop();
  }
}

/** A request of somebody behind a proxy. */
const from = (rostrum, address, route = '/v2/rooms', token = rostrum.token()) =>
  fetch(rostrum.url + route, { headers: { authorization: token, 'x-forwarded-for': address } });

async function metric(rostrum, name) {
  const text = await (await fetch(`${rostrum.url}/metrics`)).text();
  return Number(text.match(new RegExp(`^${name} (\\d+)$`, 'm'))[1]);
}

/** Whether a new connection from that address is. */
async function served(rostrum, address) {
  const socket = await rawConnection(rostrum.url, { from: address });
  socket.write('GET /healthz HTTP/1.0\r\nHost: x\r\n\r\n');
  await within('the connection ends', socket.over);
  return /^HTTP\/1\.\d 200/.test(socket.heard);
}

const kBehindProxy = ['--trusted-proxies', '127.0.0.1'];

/** Whether the server holds its end of a connection; one that does not read cannot tell. @param {net.Socket} socket */
function isOpenAtServer({ localPort, remotePort }) {
  const kEstablished = '01';
  const hex = (port) => port.toString(16).toUpperCase().padStart(4, '0');
  const rows = fs.readFileSync('/proc/net/tcp', 'utf8').split('\n').map((row) => row.trim().split(/\s+/));
  return rows.some(([, local, remote, state]) => state === kEstablished && local.endsWith(`:${hex(remotePort)}`) && remote.endsWith(`:${hex(localPort)}`));
}

/** Statuses of that many requests made together, so that no time passes in which a budget would fill again. */
async function statuses(count, request) {
  const found = await Promise.all(Array.from({ length: count }, (_, i) => request(i)));
  await Promise.all(found.map((response) => response.arrayBuffer()));
  return found.map((response) => response.status);
}
const times = (list, status) => list.filter((one) => one === status).length;

test('one address has a budget of requests, others have theirs', () =>
  serving([...kBehindProxy, '--requests-per-address', '1,5'], async (rostrum) => {
    const first = await statuses(30, () => from(rostrum, '203.0.113.1'));
    assert.ok(times(first, 200) >= 5 && times(first, 429) >= 15 && times(first, 200) + times(first, 429) === 30, `${first}`);
    const refused = await until('one that is refused', async () => {
      const response = await from(rostrum, '203.0.113.1');
      return response.status === 429 && response;
    });
    const { code, message } = await refused.json();
    assert.equal(code, 429);
    assert.match(message, /too many requests come from this address/);
    assert.equal(refused.headers.get('retry-after'), '1');
    assert.equal((await from(rostrum, '203.0.113.2')).status, 200);
    assert.equal(times(await statuses(30, () => from(rostrum, '203.0.113.1', '/assets/rostrum.js')), 200), 30, 'files are not counted');
    await until('there is one again', async () => (await from(rostrum, '203.0.113.1')).status === 200);
    const network = await statuses(30, (i) => from(rostrum, `2001:db8::${i}`));
    assert.ok(times(network, 429) >= 15, 'an IPv6 network of one customer is one');
    assert.equal(times(await statuses(30, () => fetch(`${rostrum.url}/healthz`)), 200), 30, 'this machine is not limited');
    assert.ok((await metric(rostrum, 'rostrum_http_rate_limited_total')) >= 30);
  }));

test('tokens that do not hold have a budget of their own, and cost the others at that address nothing', () =>
  serving([...kBehindProxy, '--failures-per-address', '1,3'], async (rostrum) => {
    const wrong = mint({ key: rostrum.credentials.key, secret: 'guessed' });
    const guesses = await statuses(30, () => from(rostrum, '203.0.113.1', '/v2/rooms', wrong));
    assert.ok(times(guesses, 401) >= 3 && times(guesses, 429) >= 15, `${guesses}`);
    assert.equal((await from(rostrum, '203.0.113.1')).status, 200);
    assert.equal((await from(rostrum, '203.0.113.2', '/v2/rooms', wrong)).status, 401);
  }));

test('one API key has a budget, wherever its requests come from', () =>
  serving(['--requests-per-key', '1,4'], async (rostrum) => {
    const made = await run(path.join(kBuild, 'tools/rostrum/rostrum'), ['key', 'create', '--state', rostrum.state]);
    const [, key, secret] = made.stdout.match(/api-key = (\S+)\napi-secret = (\S+)/);
    const calls = await statuses(30, () => fetch(`${rostrum.url}/v2/rooms`, { headers: { authorization: rostrum.token() } }));
    assert.ok(times(calls, 200) >= 4 && times(calls, 429) >= 15, `${calls}`);
    await until('the other key works', async () => (await rostrum.call('GET', '/v2/rooms', undefined, mint({ key, secret }))).status === 200);
  }));

test('by default 500 viewers of one house may come at once', () =>
  serving(kBehindProxy, async (rostrum) => {
    const room = await rostrum.room();
    const routes = [`/watch/${room}`, '/assets/rostrum.js', `/v2/rooms/${room}`, '/v2/sessions', '/v2/livestreams', '/v2/recordings'];
    const headers = { authorization: rostrum.token(), 'x-forwarded-for': '203.0.113.1' };
    const agent = new http.Agent({ keepAlive: true, maxSockets: 40 });
    const status = (route) =>
      new Promise((resolve, reject) => {
        const heard = (response) => response.resume().once('end', () => resolve(response.statusCode));
        http.get(new URL(route, rostrum.url), { agent, headers }, heard).once('error', reject);
      });
    const seen = await Promise.all(Array.from({ length: 500 }, () => Promise.all(routes.map(status))));
    agent.destroy();
    assert.equal(times(seen.flat(), 200), 3000);
  }));

test('one address may have so many connections, proxies any number', () =>
  serving(['--unlimited-addresses', '192.0.2.1', '--trusted-proxies', '127.0.0.9', '--max-connections-per-address', '5'], async (rostrum) => {
    const open = [];
    for (let i = 0; i < 5; ++i) open.push(await rawConnection(rostrum.url, { from: '127.0.0.2' }));
    const sixth = await rawConnection(rostrum.url, { from: '127.0.0.2' });
    await within('the sixth is closed', sixth.over);
    for (let i = 0; i < 10; ++i) open.push(await rawConnection(rostrum.url, { from: '127.0.0.9' }));
    assert.ok(await served(rostrum, '127.0.0.3'), 'others are served');
    open.shift().destroy();
    await until('there is room again', () => served(rostrum, '127.0.0.2'));
    assert.ok((await metric(rostrum, 'rostrum_http_refused_connections_total')) >= 1);
    for (const socket of open) socket.destroy();
  }));

test('event connections count', () =>
  serving(['--unlimited-addresses', '192.0.2.1', '--max-connections-per-address', '3'], async (rostrum) => {
    const room = await rostrum.room();
    const url = `${rostrum.url.replace('http', 'ws')}/v2/rooms/${room}/events?token=${rostrum.hostToken(room)}`;
    const members = ['ann', 'bob', 'eve'].map((id) => new WebSocket(`${url}&participantId=${id}`, { localAddress: '127.0.0.2' }));
    await Promise.all(members.map((member) => within('somebody joins', once(member, 'message'))));
    const fourth = await rawConnection(rostrum.url, { from: '127.0.0.2' });
    await within('the fourth is closed', fourth.over);
    members[0].close();
    await until('there is room again', () => served(rostrum, '127.0.0.2'));
    for (const member of members) member.terminate();
  }));

test('who sends nothing, or byte by byte, or does not read, is cut off', () =>
  serving(['--request-timeout', '2', '--idle-timeout', '2'], async (rostrum) => {
    const ids = Array.from({ length: 1800 }, (_, i) => `${i}`.padStart(110, 'x'));
    for (let i = 0; i < 40; ++i) await rostrum.room({ allowedParticipantIds: ids });
    const silent = await rawConnection(rostrum.url);
    const heads = await rawConnection(rostrum.url);
    const kept = await rawConnection(rostrum.url); // for the head of its second request
    kept.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await until('the first reply', () => kept.heard.includes('"ok"'));
    kept.heard = '';
    const bodies = await rawConnection(rostrum.url);
    bodies.write('POST /v2/rooms HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n');
    const drip = setInterval(() => {
      for (const socket of [heads, kept, bodies]) if (socket.writable) socket.write('x');
    }, 100);
    const deaf = await rawConnection(rostrum.url);
    deaf.pause();
    assert.ok(isOpenAtServer(deaf));
    deaf.write(`GET /v2/rooms?perPage=40 HTTP/1.1\r\nHost: x\r\nAuthorization: ${rostrum.token()}\r\n\r\n`);
    await within('all but the deaf one end', Promise.all([silent, heads, kept, bodies].map((socket) => socket.over)), 8000).finally(() => clearInterval(drip));
    assert.equal(heads.heard + kept.heard + bodies.heard + silent.heard, '');
    await until('the deaf one is closed too', () => !isOpenAtServer(deaf), 8000);
    deaf.destroy();
    assert.ok((await metric(rostrum, 'rostrum_http_timeouts_total')) >= 4);
  }));

test('bodies: chunked, announced, compressed', () =>
  serving([], async (rostrum) => {
    const head = `POST /v2/rooms HTTP/1.1\r\nHost: x\r\nAuthorization: ${rostrum.token()}\r\nContent-Type: application/json\r\nConnection: close\r\n`;
    const answer = async (...parts) => {
      const socket = await rawConnection(rostrum.url);
      for (const part of parts) socket.write(part);
      await within('the connection ends', socket.over);
      return socket.heard;
    };
    const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`;
    assert.match(await answer(`${head}Transfer-Encoding: chunked\r\n\r\n`, chunk.repeat(20), '0\r\n\r\n'), /^HTTP\/1\.1 413 /);
    assert.match(await answer(`${head}Transfer-Encoding: chunked\r\n\r\n`, chunk.repeat(15), '2\r\n{}\r\n0\r\n\r\n'), /^HTTP\/1\.1 200 /);

    const refused = await answer(`${head}Expect: 100-continue\r\nContent-Length: 300000\r\n\r\n`);
    assert.match(refused, /^HTTP\/1\.1 413 /, 'said before the body is sent');
    assert.match(refused, /"message":\s*"the body is larger/);
    const waiting = await rawConnection(rostrum.url);
    waiting.write(`${head}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n`);
    await until('the server wants the body', () => /^HTTP\/1\.1 100 [^]*\r\n\r\n$/.test(waiting.heard));
    waiting.write('{}');
    await within('the reply', waiting.over);
    assert.match(waiting.heard, /\r\n\r\nHTTP\/1\.1 200 /);

    const response = await fetch(`${rostrum.url}/v2/rooms`, {
      method: 'POST',
      headers: { authorization: rostrum.token(), 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: zlib.gzipSync('{}'),
    });
    assert.equal(response.status, 415);
    assert.match((await response.json()).message, /without Content-Encoding/);
  }));
