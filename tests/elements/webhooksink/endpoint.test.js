// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { afterEach, beforeEach } from 'node:test';

import { run, temporaryDirectory } from '../../lib/process.js';
import { launch } from '../driver/launch.js';
import { JsonDriver } from './json_driver.js';
import { Receiver } from './receiver.js';

let receiver;
let driver;

beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(async () => {
  await driver?.kill();
  await receiver.down();
});

test('410: the endpoint is left alone from then on', async () => {
  receiver.behave = () => ({ status: 410 });
  driver = new JsonDriver(receiver.url);
  driver.push({ type: 'last' });
  const failed = await driver.report('failed');
  assert.deepEqual([failed.status, failed['endpoint-gone'], failed.type], [410, true, 'last']);
  driver.push({ type: 'unwanted' });
  assert.equal((await driver.finish()).code, 0);
  assert.equal(receiver.requests.length, 1);
});

test('Retry-After is honoured', async () => {
  receiver.behave = () => (receiver.requests.length === 0 ? { status: 429, headers: { 'Retry-After': '1' } } : {});
  driver = new JsonDriver(receiver.url);
  driver.push({ n: 1 });
  const retrying = await driver.report('retrying');
  assert.deepEqual([retrying.status, retrying['retry-in']], [429, 1000]);
  const [first, second] = await receiver.seen(2);
  assert.ok(second.at - first.at > 950, `after ${(second.at - first.at).toFixed(0)} ms`);
});

test('redirects are not followed', async () => {
  const elsewhere = await Receiver.start();
  receiver.behave = () => (receiver.requests.length === 0 ? { status: 307, headers: { Location: elsewhere.url } } : {});
  driver = new JsonDriver(receiver.url);
  driver.push({ n: 1 });
  assert.match((await driver.report('retrying')).error, /307.*redirects are not followed/);
  await receiver.accept(1);
  assert.equal(elsewhere.requests.length, 0);
  await elsewhere.down();
});

test('an attempt that is not answered in time is given up', async () => {
  receiver.behave = () => (receiver.requests.length === 0 ? { after: new Promise(() => {}) } : {});
  driver = new JsonDriver(receiver.url, { timeout: 200 });
  driver.push({ n: 1 });
  assert.match((await driver.report('retrying')).error, /in time/);
  await receiver.accept(1);
});

test('an endless answer costs the receiver its connection, not us our memory', async () => {
  receiver.server.removeAllListeners('request');
  receiver.server.on('request', (request, response) => {
    response.writeHead(200);
    const pour = () => {
      while (response.writable && response.write(Buffer.alloc(65536)));
    };
    response.on('drain', pour);
    pour();
  });
  driver = new JsonDriver(receiver.url);
  driver.push({ n: 1 });
  driver.push({ n: 2 });
  await driver.message('the second', (one) => one.message === 'webhooksink-delivered' && one.sequence === 2);
});

test('what is older than max-age is given up, and the next one gets its turn', async () => {
  receiver.behave = (request) => ({ status: request.text.includes('poison') ? 500 : 200 });
  driver = new JsonDriver(receiver.url, { 'max-age': 1 });
  driver.push({ type: 'poison' });
  const failed = await driver.report('failed');
  assert.equal(failed.type, 'poison');
  assert.match(failed.error, /HTTP 500|max-age/);
  driver.push({ type: 'good' });
  await receiver.accept(1);
});

test('certificates are verified', async () => {
  const directory = temporaryDirectory('tls');
  const file = (name) => path.join(directory.path, name);
  const made = await run('openssl', [
    ...'req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1'.split(' '),
    ...['-keyout', file('key.pem'), '-out', file('cert.pem')],
  ]);
  assert.equal(made.code, 0, made.stderr);
  const secure = await Receiver.start({ tls: { key: fs.readFileSync(file('key.pem')), cert: fs.readFileSync(file('cert.pem')) } });
  driver = new JsonDriver(secure.url);
  driver.push({ n: 1 });
  assert.match((await driver.report('retrying')).error, /certificate/i);
  assert.equal(secure.requests.length, 0);
  await secure.down();
  directory.remove();
});

test('wrong settings are errors in clear words, and never quote a secret', async () => {
  for (const [setting, text] of [
    ['location=ftp://127.0.0.1/x', /not an http/],
    ['location=http://127.0.0.1:9/ secret=whsec_Sup3r!Secret', /whsec_.*base64/],
    ['location=http://127.0.0.1:9/ signing-key=/nonexistent.pem', /cannot be read/],
  ]) {
    const { code, stderr } = await launch(`fakesrc ! webhooksink ${setting}`);
    assert.notEqual(code, 0);
    assert.match(stderr, text);
    assert.ok(!stderr.includes('Sup3r'), stderr);
  }
});

test('secrets and the URL are in no output, whatever the log level', async () => {
  receiver.behave = () => ({ status: receiver.requests.length === 0 ? 500 : 200 });
  const secret = 'whsec_U3VwM3JTM2NyZXRLZXlGb3JUZXN0cw==';
  driver = new JsonDriver(receiver.url, { secret }, { env: { GST_DEBUG: 'webhooksink:9', GST_DEBUG_NO_COLOR: '1' } });
  driver.push({ type: 'x' });
  await receiver.accept(1);
  await driver.finish();
  assert.match(driver.stderr, /webhooksink .*attempt 2/, 'it did log');
  const told = driver.lines.join('\n') + driver.stderr;
  for (const word of [secret, secret.slice(6), 'inTheUrl']) assert.ok(!told.includes(word), word);
});
