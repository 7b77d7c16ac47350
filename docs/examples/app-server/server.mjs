// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later
// An app server: decides who may host and who may watch, creates streams and mints tokens. Node 18 or newer, no dependencies.
import crypto from 'node:crypto';
import http from 'node:http';

const { ROSTRUM_URL = 'http://127.0.0.1:8080', ROSTRUM_API_KEY, ROSTRUM_API_SECRET, HOST_PASSWORD, PORT = '3000' } = process.env;
if (!ROSTRUM_API_KEY || !ROSTRUM_API_SECRET || !HOST_PASSWORD) throw new Error('Set ROSTRUM_API_KEY, ROSTRUM_API_SECRET (from rostrum.conf) and HOST_PASSWORD');

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
function mint(claims, seconds = 7200) {
  const now = Math.floor(Date.now() / 1000);
  const head = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ apikey: ROSTRUM_API_KEY, version: 2, iat: now, exp: now + seconds, ...claims })}`;
  return `${head}.${crypto.createHmac('sha256', ROSTRUM_API_SECRET).update(head).digest('base64url')}`;
}
const viewerToken = (roomId) => mint({ roomId, permissions: ['allow_join'], mode: 'RECV_ONLY' });
const hostToken = (roomId) => mint({ roomId, permissions: ['allow_join', 'allow_mod'] });

const digest = (text) => crypto.createHash('sha256').update(text).digest();
const mayHost = (request) => crypto.timingSafeEqual(digest(request.headers['x-host-password'] ?? ''), digest(HOST_PASSWORD));

async function createRoom() {
  const response = await fetch(`${ROSTRUM_URL}/v2/rooms`, { method: 'POST', headers: { authorization: mint({ permissions: ['allow_join', 'allow_mod'] }, 60) } });
  if (!response.ok) throw new Error(`Rostrum answered ${response.status}: ${await response.text()}`);
  return (await response.json()).roomId;
}

async function answer(request) {
  const [, room] = new URL(request.url, 'http://localhost').pathname.match(/^\/streams(?:\/([\w-]+))?$/) ?? [null, null];
  if (request.method === 'GET' && room) return [200, { token: viewerToken(room), watch: `${ROSTRUM_URL}/watch/${room}?token=${viewerToken(room)}` }];
  if (request.method !== 'POST' || request.url !== '/streams') return [404, { message: 'POST /streams or GET /streams/{id}' }];
  if (!mayHost(request)) return [403, { message: 'x-host-password is missing or wrong' }];
  const roomId = await createRoom();
  return [201, { streamId: roomId, token: hostToken(roomId), studio: `${ROSTRUM_URL}/studio/${roomId}?token=${hostToken(roomId)}&watchToken=${viewerToken(roomId)}` }];
}
const reply = (response, [status, body]) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const server = http.createServer((request, response) => answer(request).then((result) => reply(response, result), (error) => reply(response, [502, { message: error.message }])));
server.listen(Number(PORT), '127.0.0.1', () => console.log(`listening http://127.0.0.1:${server.address().port}`));
