// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import http from 'node:http';
import test, { after, before } from 'node:test';

import { EventClient } from '../lib/events.js';
import { NginxProxy } from '../lib/nginx_proxy.js';
import { Rostrum } from '../lib/rostrum.js';

let rostrum;
let nginx;

before(async () => {
  rostrum = await Rostrum.start({
    args: ['--trusted-proxies', '127.0.0.1', '--unlimited-addresses', '192.0.2.1', '--requests-per-address', '1,20'],
  });
  nginx = await NginxProxy.start(rostrum.url);
});
after(async () => {
  await nginx?.stop();
  await rostrum?.stop();
});

/** A request from an address of this machine; fetch cannot choose one. @returns {Promise<{status: number, body: *}>} */
const request = (base, route, { from = '127.0.0.1', headers = {}, method = 'GET', body } = {}) =>
  new Promise((resolve, reject) => {
    const options = { method, localAddress: from, agent: false, headers: { authorization: rostrum.token(), ...headers } };
    const sent = http.request(new URL(route, base), options, async (response) => {
      const text = (await response.toArray()).join('');
      resolve({ status: response.statusCode, headers: response.headers, body: text.startsWith('{') ? JSON.parse(text) : text });
    });
    sent.on('error', reject);
    sent.end(body);
  });

const newRoom = async (base, options = {}) => {
  const headers = { 'content-type': 'application/json', ...options.headers };
  const { status, body } = await request(base, '/v2/rooms', { ...options, headers, method: 'POST', body: '{}' });
  assert.equal(status, 200, JSON.stringify(body));
  return body;
};

test('links are as the client of the proxy called it', async () => {
  const proxied = await newRoom(nginx.url, { from: '127.0.0.5', headers: { host: 'live.example.org' } });
  assert.ok(proxied.links.get_room.startsWith(`https://live.example.org/v2/rooms/${proxied.roomId}`), proxied.links.get_room);
  const direct = await newRoom(rostrum.url, { from: '127.0.0.6' });
  assert.ok(direct.links.get_room.startsWith(`${rostrum.url}/v2/rooms/`), direct.links.get_room);
  const made = await newRoom(nginx.url, { from: '127.0.0.5', headers: { host: 'live.example.org', 'x-forwarded-proto': 'gopher' } });
  assert.match(made.links.get_room, /^https:\/\/live\.example\.org\//);
});

test('headers of others than the proxy are ignored', async () => {
  const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example', 'x-forwarded-for': '203.0.113.9' };
  const room = await newRoom(rostrum.url, { from: '127.0.0.7', headers });
  assert.ok(room.links.get_room.startsWith(rostrum.url), room.links.get_room);
  headers.forwarded = 'for=203.0.113.9;proto=https;host=evil.example';
  assert.ok((await newRoom(rostrum.url, { from: '127.0.0.7', headers })).links.get_room.startsWith(rostrum.url));
});

test('clients of the proxy have their own budgets, whatever they say about themselves', async () => {
  const one = (from, headers) => request(nginx.url, '/v2/rooms', { from, headers });
  let last;
  for (let i = 0; i < 22; ++i) last = await one('127.0.0.2', { 'x-forwarded-for': `203.0.113.${i}`, forwarded: `for=203.0.113.${i}` });
  assert.equal(last.status, 429);
  assert.equal((await one('127.0.0.3')).status, 200);
  const direct = (headers) => request(rostrum.url, '/v2/rooms', { from: '127.0.0.4', headers });
  for (let i = 0; i < 22; ++i) last = await direct({ 'x-forwarded-for': `203.0.113.${i}` });
  assert.equal(last.status, 429, 'who comes past the proxy is not believed');
});

test('event connections go through', async () => {
  const { roomId } = await newRoom(nginx.url, { from: '127.0.0.8' });
  const client = await EventClient.join(nginx.url, roomId, { token: rostrum.hostToken(roomId), participantId: 'ann' });
  client.send('ping');
  await client.next('pong');
  await client.close();
});

test('Forwarded, where the proxy sets that; and public-url wins over both', async () => {
  const speaksForwarded = await Rostrum.start({ args: ['--trusted-proxies', '127.0.0.0/8', '--proxy-headers', 'forwarded'] });
  try {
    const headers = { authorization: speaksForwarded.token(), forwarded: 'for=203.0.113.9;proto=https;host="live.example.org"' };
    const room = await newRoom(speaksForwarded.url, { headers });
    assert.match(room.links.get_room, /^https:\/\/live\.example\.org\/v2\/rooms\//);
    const other = { authorization: speaksForwarded.token(), 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' };
    assert.ok((await newRoom(speaksForwarded.url, { headers: other })).links.get_room.startsWith(speaksForwarded.url));

    await speaksForwarded.program.stop();
    speaksForwarded.args.push('--public-url', 'https://public.example');
    await speaksForwarded.launch();
    assert.match((await newRoom(speaksForwarded.url, { headers })).links.get_room, /^https:\/\/public\.example\//);
  } finally {
    await speaksForwarded.stop();
  }
});
