// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test, { afterEach, beforeEach } from 'node:test';

import { temporaryDirectory } from '../../lib/process.js';
import { launch } from '../driver/launch.js';
import { JsonDriver } from './json_driver.js';
import { Receiver, sequences, upTo, verify } from './receiver.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

let receiver;
let driver;
let directory;

beforeEach(async () => {
  receiver = await Receiver.start();
  directory = temporaryDirectory('webhooksink');
  fs.writeFileSync(path.join(directory.path, 'key.pem'), privateKey);
});
afterEach(async () => {
  await driver?.kill();
  await receiver.down();
  directory.remove();
});

const file = (name) => path.join(directory.path, name);
const signed = () => ({ secret, 'signing-key': file('key.pem') });

test('one buffer is one body, byte for byte, signed twice, numbered, reported', async () => {
  driver = new JsonDriver(receiver.url, { ...signed(), spool: file('spool.db') });
  const bodies = [
    '{"webhookType":"participant-joined","data":{"n":1}}',
    '{ "type" : "spaced out",  "data": "ä€😀" }',
    '[1,2,3]',
    '  {"n":4}  ',
  ];
  for (const body of bodies) driver.push(body);
  const accepted = await receiver.accept(bodies.length);
  assert.deepEqual(
    accepted.map((request) => request.text),
    bodies,
  );
  for (const request of accepted) {
    verify(request, secret, publicKey);
    assert.equal(request.headers['content-type'], 'application/json');
    assert.equal(request.headers['webhook-attempt'], '1');
    assert.match(request.headers['webhook-id'], /^msg_[0-9a-f]{32}$/);
  }
  assert.equal(new Set(accepted.map((request) => request.headers['webhook-id'])).size, bodies.length);
  assert.deepEqual(sequences(accepted), upTo(bodies.length));
  assert.deepEqual(await driver.finish(), { code: 0, signal: null });
  const reports = driver.reports('delivered');
  assert.deepEqual(
    reports.map(({ id, sequence, attempts, type, status }) => ({ id, sequence, attempts, type, status })),
    accepted.map((request, index) => ({
      id: request.headers['webhook-id'],
      sequence: index + 1,
      attempts: 1,
      type: ['participant-joined', 'spaced out', '', ''][index],
      status: 200,
    })),
  );
});

test('a delivery takes milliseconds, on one connection', async () => {
  driver = new JsonDriver(receiver.url, { ...signed(), spool: file('spool.db') });
  const connections = new Set();
  receiver.server.on('connection', (socket) => connections.add(socket));
  const took = [];
  for (let n = 1; n <= 30; n++) {
    const pushed = performance.now();
    driver.push({ n });
    await receiver.seen(n);
    took.push(receiver.requests[n - 1].at - pushed);
  }
  took.sort((a, b) => a - b);
  assert.ok(took[15] < 25, `median ${took[15].toFixed(1)} ms`);
  assert.equal(connections.size, 1);
});

test('a receiver that is down for a while: nothing is lost, order holds', async () => {
  driver = new JsonDriver(receiver.url, signed());
  driver.push({ n: 1 });
  await receiver.accept(1);
  await receiver.down();
  for (let n = 2; n <= 20; n++) driver.push({ n });
  const retrying = await driver.report('retrying');
  assert.equal(retrying.sequence, 2);
  assert.equal(retrying.status, 0);
  assert.match(retrying.error, /refused/);
  await receiver.listen();
  const accepted = await receiver.accept(20);
  assert.deepEqual(sequences(accepted), upTo(20));
  assert.deepEqual(
    accepted.map((request) => JSON.parse(request.text).n),
    upTo(20),
  );
  assert.ok(Number(accepted[1].headers['webhook-attempt']) > 1);
  for (const request of accepted) verify(request, secret, publicKey);
});

test('errors of the receiver are tried again, with the same id and a new signature', async () => {
  let failures = 3;
  receiver.behave = () => ({ status: failures-- > 0 ? 500 : 200 });
  driver = new JsonDriver(receiver.url, signed());
  driver.push({ n: 1 });
  driver.push({ n: 2 });
  await receiver.accept(2);
  const ids = receiver.requests.map((request) => request.headers['webhook-id']);
  assert.equal(new Set(ids.slice(0, 4)).size, 1);
  assert.deepEqual(sequences(receiver.requests), [1, 1, 1, 1, 2]);
  assert.deepEqual(
    receiver.requests.map((request) => request.headers['webhook-attempt']),
    ['1', '2', '3', '4', '1'],
  );
  for (const request of receiver.requests) verify(request, secret, publicKey);
});

test('a slow receiver does not hold up the pipeline', async () => {
  let release;
  receiver.behave = () => ({ after: new Promise((resolve) => (release = resolve)) });
  driver = new JsonDriver(receiver.url, { spool: file('spool.db') });
  driver.push({ n: 0 });
  await receiver.seen(1);
  for (let n = 1; n < 200; n++) driver.push({ n });
  for (const end = performance.now() + 5000; ;) {
    if ((await driver.ask('paced', 'paced')).buffers === 200) break;
    assert.ok(performance.now() < end, 'the sink takes buffers while a delivery hangs');
  }
  assert.equal(receiver.accepted.length, 0);
  receiver.behave = () => ({});
  release();
  assert.deepEqual(sequences(await receiver.accept(200)), upTo(200));
});

test('gst-launch-1.0: a JSON file is one body, whatever its size', async () => {
  for (const text of ['{"webhookType":"small"}\n', JSON.stringify({ type: 'large', data: Array(4000).fill('x'.repeat(20)) }, null, 2)]) {
    const json = file('event.json');
    fs.writeFileSync(json, text);
    const line = `filesrc location=${json} ! application/json ! webhooksink location=${receiver.url} secret=${secret} signing-key=${file('key.pem')}`;
    const { code, stderr } = await launch(line);
    assert.equal(code, 0, stderr);
    const request = receiver.requests.at(-1); // EOS waited for it
    assert.equal(request.text, text);
    verify(request, secret, publicKey);
  }
  assert.equal(receiver.requests.length, 2);
});
