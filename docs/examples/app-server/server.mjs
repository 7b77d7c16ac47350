// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later
// An app server: decides who may host and who may watch, creates streams and mints tokens. Node 18 or newer, no dependencies.
import crypto from 'node:crypto';
import http from 'node:http';

const {
  ROSTRUM_URL: rostrum = 'http://127.0.0.1:8080',
  ROSTRUM_API_KEY: key,
  ROSTRUM_API_SECRET: secret,
  HOST_PASSWORD: password,
} = process.env;
if (!key || !secret || !password) throw new Error('Set ROSTRUM_API_KEY, ROSTRUM_API_SECRET (see rostrum.conf) and HOST_PASSWORD');

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
function mint(claims) {
  const iat = Math.floor(Date.now() / 1000);
  const head = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ apikey: key, version: 2, iat, exp: iat + 7200, ...claims })}`;
  return `${head}.${crypto.createHmac('sha256', secret).update(head).digest('base64url')}`;
}
const viewerToken = (roomId) => mint({ roomId, permissions: ['allow_join'], mode: 'RECV_ONLY' });
const hostToken = (roomId) => mint({ roomId, permissions: ['allow_join', 'allow_mod'] });

const digest = (text) => crypto.createHash('sha256').update(text).digest();
const mayHost = (headers) => crypto.timingSafeEqual(digest(headers['x-host-password'] ?? ''), digest(password));

async function createStream() {
  const response = await fetch(`${rostrum}/v2/rooms`, { method: 'POST', headers: { authorization: hostToken() } });
  if (!response.ok) throw new Error(`Rostrum answered ${response.status}: ${await response.text()}`);
  const { roomId } = await response.json();
  const token = hostToken(roomId);
  return { streamId: roomId, token, studio: `${rostrum}/studio/${roomId}?token=${token}&watchToken=${viewerToken(roomId)}` };
}

async function answer({ method, url, headers }) {
  const [, streamId] = url.match(/^\/streams\/([\w-]+)$/) ?? [];
  const token = viewerToken(streamId);
  if (method === 'GET' && streamId) return [200, { streamId, token, watch: `${rostrum}/watch/${streamId}?token=${token}` }];
  if (method !== 'POST' || url !== '/streams') return [404, { message: 'POST /streams or GET /streams/{id}' }];
  return mayHost(headers) ? [201, await createStream()] : [403, { message: 'x-host-password is missing or wrong' }];
}
const server = http.createServer(async (request, response) => {
  const [status, body] = await answer(request).catch((error) => [502, { message: error.message }]);
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log(`listening http://127.0.0.1:${server.address().port}`));
