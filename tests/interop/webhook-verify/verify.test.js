// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Usage: VERIFIER="PROGRAM ARGUMENT…" node --test verify.test.js. A verifier takes the headers as arguments, the body on
// standard input, and what it verifies with from the environment (docs/examples/webhook-verify).

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import test, { after } from 'node:test';

import { Webhook } from 'standardwebhooks';

import { temporaryDirectory } from '../../lib/process.js';

const [program, ...fixed] = process.env.VERIFIER.split(' ');
const isOurs = path.basename(program) === 'rostrum';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const newer = 'whsec_bmV3ZXIgc2VjcmV0IG9mIHRoZSByZWNlaXZlcg==';
const newPair = () =>
  generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });
const pair = newPair();
const directory = temporaryDirectory('verify');
after(() => directory.remove());

const body = '{"webhookType":"participant-joined","data":{"participantName":"Änn"},"timestamp":"2026-01-01T00:00:00.000Z"}';

/** The headers of a webhook; several secrets as during a rotation. */
function signed({ secrets = [secret], secondsAgo = 0, key = pair.privateKey } = {}) {
  const id = 'msg_0123456789abcdef0123456789abcdef';
  const date = new Date(Date.now() - secondsAgo * 1000);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(date.getTime() / 1000)),
    'webhook-signature': secrets.map((one) => new Webhook(one).sign(id, date, body)).join(' '),
    'videosdk-signature': createSign('RSA-SHA256').update(body).sign(key, 'base64'),
  };
}

/** @returns {Promise<{code: number, told: string}>} */
async function verify(headers, { secrets = '', publicKey = '', received = body } = {}) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  let args = lines;
  const env = { ...process.env, GOCACHE: path.join(directory.path, 'go'), WEBHOOK_SECRET: secrets, WEBHOOK_PUBLIC_KEY: publicKey, ROSTRUM_WEBHOOK_SECRET: secrets };
  for (const name of ['WEBHOOK_SECRET', 'WEBHOOK_PUBLIC_KEY', 'ROSTRUM_WEBHOOK_SECRET']) if (!env[name]) delete env[name];
  if (isOurs) {
    fs.writeFileSync(path.join(directory.path, 'key.pem'), publicKey);
    args = [...lines.flatMap((line) => ['--header', line]), ...(publicKey ? ['--public-key', path.join(directory.path, 'key.pem')] : [])];
  }
  const child = spawn(program, [...fixed, ...args], { env });
  let told = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (told += data));
  child.stdin.end(received);
  const [code] = await once(child, 'close');
  return { code, told };
}

const besideNonsense = signed();
besideNonsense['webhook-signature'] = `v1,${'é'.repeat(44)} ${besideNonsense['webhook-signature']}`;
const both = { secrets: secret, publicKey: pair.publicKey };

for (const [name, headers, options, code, told] of [
  ['both signatures hold', signed(), both, 0, /^$|holds/],
  ['HMAC alone', signed(), { secrets: secret }, 0, /^$|holds/],
  ['RSA alone', signed(), { publicKey: pair.publicKey }, 0, /^$|holds/],
  ['a changed body, by HMAC', signed(), { secrets: secret, received: body.replace('joined', 'parted') }, 1, /changed|does not hold/],
  ['a changed body, by RSA', signed(), { publicKey: pair.publicKey, received: `${body} ` }, 1, /changed|does not hold/],
  ['another secret', signed(), { secrets: newer }, 1, /another secret|does not hold/],
  ['another key', signed({ key: newPair().privateKey }), { publicKey: pair.publicKey }, 1, /another key|does not hold/],
  ['an old one', signed({ secondsAgo: 310 }), { secrets: secret }, 1, /old/],
  ['one from the future', signed({ secondsAgo: -3600 }), { secrets: secret }, 1, /old|future/],
  ['one of four minutes ago', signed({ secondsAgo: 240 }), { secrets: secret }, 0, /^$|holds/],
  ['rotation: the receiver knows the old secret', signed({ secrets: [newer, secret] }), { secrets: secret }, 0, /^$|holds/],
  ['rotation: the receiver knows the new secret', signed({ secrets: [newer, secret] }), { secrets: newer }, 0, /^$|holds/],
  ['rotation: the receiver knows both', signed(), { secrets: `${newer} ${secret}` }, 0, /^$|holds/],
  ['a good signature beside one of odd letters', besideNonsense, { secrets: secret }, 0, /^$|holds/],
  ['no signature at all', { 'content-type': 'application/json' }, both, 1, /not signed|no header/],
  ['no base64', { ...signed(), 'videosdk-signature': '?' }, { publicKey: pair.publicKey }, 1, /changed|does not hold/],
  ['no timestamp', { ...signed(), 'webhook-timestamp': 'now' }, { secrets: secret }, 1, /old|no number/],
]) {
  test(name, async () => {
    const result = await verify(headers, options);
    assert.equal(result.code, code, result.told);
    assert.match(result.told.trim(), told);
    for (const word of [secret, newer]) assert.ok(!result.told.includes(word.slice(6)), 'secrets are told to nobody');
  });
}
