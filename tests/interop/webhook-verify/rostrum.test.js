// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What `rostrum webhook verify` takes beyond what the examples do. ROSTRUM is the program.

import assert from 'node:assert/strict';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test, { after } from 'node:test';

import { Webhook } from 'standardwebhooks';

import { run, temporaryDirectory } from '../../lib/process.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const directory = temporaryDirectory('webhook-verify');
after(() => directory.remove());

function file(name, content) {
  const full = path.join(directory.path, name);
  fs.writeFileSync(full, content);
  return full;
}

const body = '{"webhookType":"session-ended"}';
const sentAt = new Date('2026-01-01T00:00:00Z');
const request = file(
  'request',
  [
    'POST /hook HTTP/1.1',
    'Host: receiver.example',
    `Content-Length: ${body.length}`,
    'Webhook-Id: msg_1',
    `Webhook-Timestamp: ${sentAt.getTime() / 1000}`,
    `Webhook-Signature: ${new Webhook(secret).sign('msg_1', sentAt, body)}`,
    `VideoSDK-Signature: ${createSign('RSA-SHA256').update(body).sign(privateKey, 'base64')}`,
    '',
    `${body}\n`, // as an editor leaves it
  ].join('\r\n'),
);
const secretFile = file('secret', `${secret}\n`);
const verify = (...args) => run(process.env.ROSTRUM, ['webhook', 'verify', ...args]);

test('a captured request, at the time of its capture', async () => {
  const { code, stdout } = await verify('--request', request, '--secret-file', secretFile, '--at', '2026-01-01T00:04:00Z');
  assert.equal(stdout, 'webhook-signature: holds (secret 1 of 1, 240 s old)');
  assert.equal(code, 0);
});

test('later it is too old, unless that is allowed', async () => {
  const at = String(sentAt.getTime() / 1000 + 600);
  const { code, stdout } = await verify(`--request=${request}`, '--secret-file', secretFile, '--at', at);
  assert.match(stdout, /does not hold \(it is signed with secret 1 of 1, but it is 600 s old, and 300 s are allowed\)/);
  assert.equal(code, 1);
  assert.equal((await verify('--request', request, '--secret-file', secretFile, '--at', at, '--tolerance', '600')).code, 0);
});

test('the public key as the server tells it', async () => {
  const server = http.createServer((_, response) => response.end(JSON.stringify({ publicKey }))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}/v2/public/rsa-public-key`;
  const { code, stdout, stderr } = await verify('--request', request, '--public-key', url);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, 'videosdk-signature: holds (RSA 2048)');
  server.close();
});

test('one that holds does not make up for one that does not', async () => {
  const tampered = file('tampered', fs.readFileSync(request, 'latin1').replace('msg_1', 'msg_2'));
  const { code, stdout } = await verify('--request', tampered, '--secret-file', secretFile, '--at', '2026-01-01T00:00:00Z', '--public-key', file('key', publicKey));
  assert.match(stdout, /webhook-signature: does not hold .*\nvideosdk-signature: holds/);
  assert.equal(code, 1);
});

test('what is wrong with the call is told, and is status 2', async () => {
  for (const [args, told] of [
    [['--request', request], /set ROSTRUM_WEBHOOK_SECRET/],
    [['--reqest', request], /did you mean --request/],
    [['--request'], /value is missing/],
    [['--header', 'no header', '--secret-file', secretFile], /name: value/],
    [['--request', file('half', 'POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx'), '--secret-file', secretFile], /less than content-length/],
    [['--request', path.join(directory.path, 'none'), '--secret-file', secretFile], /cannot be read/],
    [['--request', request, '--secret-file', file('wrong', 'whsec_no base64')], /whsec_.*base64/],
    [['--request', request, '--public-key', request], /not an RSA key/],
    [['--request', request, '--secret-file', secretFile, '--at', 'yesterday'], /--at/],
  ]) {
    const { code, stderr } = await verify(...args);
    assert.match(stderr, told);
    assert.equal(code, 2);
  }
});
