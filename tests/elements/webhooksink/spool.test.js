// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { afterEach, beforeEach } from 'node:test';

import { until } from '../../lib/deadline.js';
import { temporaryDirectory } from '../../lib/process.js';
import { JsonDriver } from './json_driver.js';
import { Receiver, sequences, upTo } from './receiver.js';

let receiver;
let directory;
let drivers;

beforeEach(async () => {
  receiver = await Receiver.start();
  directory = temporaryDirectory('spool');
  drivers = [];
});
afterEach(async () => {
  for (const driver of drivers) await driver.kill();
  await receiver.down();
  directory.remove();
});

const spool = () => path.join(directory.path, 'spool.db');

function start(properties = {}, options) {
  const driver = new JsonDriver(receiver.url, { spool: spool(), ...properties }, options);
  drivers.push(driver);
  return driver;
}

const taken = (driver, n) => until(`${n} buffers taken`, async () => (await driver.ask('paced', 'paced')).buffers === n);

test('kill -9 with deliveries waiting: the next process makes them, in order, with the same ids', async () => {
  receiver.behave = () => ({ status: 503 });
  const first = start();
  for (let n = 1; n <= 50; n++) first.push({ n });
  await taken(first, 50);
  await receiver.seen(1);
  await first.kill();
  receiver.behave = () => ({});
  const id = receiver.requests[0].headers['webhook-id'];

  const second = start();
  second.push({ n: 51 });
  const accepted = await receiver.accept(51);
  assert.deepEqual(sequences(accepted), upTo(51));
  assert.deepEqual(
    accepted.map((request) => JSON.parse(request.text).n),
    upTo(51),
  );
  assert.equal(accepted[0].headers['webhook-id'], id);
});

test('killed again and again while delivering: each arrives at least once, none out of order', async () => {
  const kBodies = 120;
  let pushed = 0;
  while (pushed < kBodies) {
    const driver = start();
    for (const end = pushed + 30; pushed < end;) driver.push({ n: ++pushed });
    await taken(driver, 30);
    await driver.kill();
  }
  start();
  await until('all arrived', () => new Set(sequences(receiver.accepted)).size === kBodies);
  let newest = 0;
  for (const sequence of sequences(receiver.accepted)) {
    assert.ok(sequence === newest + 1 || sequence === newest, `${sequence} after ${newest}`); // a repeat is what a kill may cause
    newest = sequence;
  }
});

test('a process that ends with EOS leaves what it could not deliver', async () => {
  receiver.behave = () => ({ status: 500 });
  const first = start({ 'drain-timeout': 300 });
  first.push({ n: 1 });
  const asked = performance.now();
  assert.equal((await first.finish()).code, 0);
  assert.ok(performance.now() - asked < 3000, 'the end of the stream waits for a bounded time');
  receiver.behave = () => ({});
  start();
  await receiver.accept(1);
});

test('two sinks of one location, in two processes: one delivers, nothing comes twice, and it is inherited', async () => {
  const first = start();
  first.push({ n: 1 });
  await receiver.accept(1);
  const second = start();
  second.push({ n: 2 });
  await taken(second, 1);
  first.push({ n: 3 });
  await receiver.accept(3);
  assert.deepEqual(sequences(receiver.requests), [1, 2, 3]);
  await first.kill();
  second.push({ n: 4 });
  await receiver.accept(4);
  assert.deepEqual(sequences(receiver.requests), upTo(4));
});

test('several locations share one file; a dead one delays no other', async () => {
  const other = await Receiver.start();
  receiver.behave = () => ({ status: 500 });
  const one = start();
  const two = new JsonDriver(other.url, { spool: spool() });
  drivers.push(two);
  for (let n = 1; n <= 10; n++) {
    one.push({ to: 'dead', n });
    two.push({ to: 'good', n });
  }
  assert.deepEqual(sequences(await other.accept(10)), upTo(10));
  assert.equal(receiver.accepted.length, 0);
  await other.down();
});

test('a file that is no database: a warning, and the pipeline and deliveries go on', async () => {
  fs.writeFileSync(spool(), 'this was a database once, or so they say');
  const driver = start();
  const warning = await driver.message('a warning', (one) => one.message === 'warning');
  assert.match(warning.text, /spool.*do not survive a restart.*not a database/s);
  driver.push({ n: 1 });
  await receiver.accept(1);
  assert.match(fs.readFileSync(spool(), 'utf8'), /or so they say/, 'nothing is overwritten');
});

test('no room for more: it is told which event is lost, and the pipeline goes on', async () => {
  receiver.behave = () => ({ status: 500 });
  const driver = start({ 'max-bytes': 100 });
  driver.push({ type: 'fits', pad: 'x'.repeat(50) });
  driver.push({ type: 'lost', pad: 'x'.repeat(50) });
  const failed = await driver.report('failed');
  assert.deepEqual([failed.type, failed.error], ['lost', 'not stored: the spool is full']);
  assert.match((await driver.message('a warning', (one) => one.message === 'warning')).text, /lost.*full/s);
  receiver.behave = () => ({});
  await receiver.accept(1);
  driver.push({ type: 'fits again' });
  await receiver.accept(2);
});

test('a full disk: a warning, later events are lost, the pipeline goes on', async () => {
  receiver.behave = () => ({ status: 500 });
  // A file size limit makes write() fail as a full disk does, once the signal is ignored.
  const limited = start({}, { prefix: ['/bin/bash', '-c', 'trap "" XFSZ; ulimit -f 400; exec "$0" "$@"'] });
  for (let n = 0; n < 40; n++) limited.push({ n, pad: 'x'.repeat(20000) });
  await limited.message('a warning', (one) => one.message === 'warning');
  assert.ok(limited.reports('failed').length > 0);
  await taken(limited, 40);
});
