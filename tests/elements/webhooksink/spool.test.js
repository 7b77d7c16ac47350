// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { afterEach, beforeEach } from 'node:test';

import { until } from '../../lib/deadline.js';
import { Program, run, temporaryDirectory } from '../../lib/process.js';
import { launch } from '../driver/launch.js';
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

/** The sink has returned so many buffers. */
const taken = (driver, n) => until(`${n} buffers taken`, async () => (await driver.ask('rendered', 'application/x-gst-base-sink-stats')).rendered === n);

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
  // A kill may make the next process begin with what the last moment had delivered.
  let kills = 0;
  sequences(receiver.accepted).reduce((last, sequence) => {
    if (sequence !== last + 1) kills++;
    assert.ok(sequence <= last + 1, `${sequence} after ${last}`);
    return sequence;
  }, 0);
  assert.ok(kills <= kBodies / 30, `${kills} repeats`);
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

// A file size limit makes write() fail as a full disk does, once the signal is ignored.
const smallDisk = { prefix: ['/bin/bash', '-c', 'trap "" XFSZ; ulimit -S -f 400; exec "$0" "$@"'] };

test('a full disk: a warning, the pipeline goes on, and what waits in memory is delivered when there is room again', async () => {
  receiver.behave = () => ({ status: 500 });
  const driver = start({}, smallDisk);
  for (let n = 1; n <= 40; n++) driver.push({ n, pad: 'x'.repeat(20000) });
  assert.match((await driver.message('a warning', (one) => one.message === 'warning')).text, /wait in memory: (disk I\/O error|.*full)/s);
  await taken(driver, 40);
  receiver.behave = () => ({});
  assert.equal((await run('prlimit', ['--pid', String(driver.child.pid), '--fsize=unlimited'])).code, 0);
  assert.deepEqual(sequences(await receiver.accept(40)), upTo(40));
  assert.equal(driver.reports('failed').length, 0);
  assert.equal((await driver.finish()).code, 0);
});

test('a full disk, and no room in memory: it is told which events are lost', async () => {
  receiver.behave = () => ({ status: 500 });
  const driver = start({ 'max-bytes': 600_000 }, smallDisk);
  for (let n = 1; n <= 40; n++) driver.push({ n, pad: 'x'.repeat(20000) });
  const failed = await driver.report('failed');
  assert.match(failed.error, /not stored: the spool is full/);
  await taken(driver, 40);
});

const deadLetters = async (driver) => JSON.parse((await driver.ask('dead-letters 10', 'dead-letters')).json);
const resend = async (driver, id) => Number((await driver.ask(`resend ${id}`.trim(), 'resent')).count);

test('a dead letter is listed, survives a restart, and is sent again under its id and number', async () => {
  // Longer than max-age, so that the first attempt is the last.
  receiver.behave = (request) => (request.text.includes('poison') ? { status: 500, headers: { 'Retry-After': '2' } } : {});
  const first = start({ 'max-age': 1 });
  first.push({ type: 'poison' });
  first.push({ type: 'good' });
  const failed = await first.report('failed');
  await receiver.accept(1);
  assert.equal((await first.finish()).code, 0);

  const second = start();
  const [letter, ...others] = await deadLetters(second);
  assert.equal(others.length, 0);
  const { id, sequence, type, status, error, attempts, createdAt, diedAt } = letter;
  assert.deepEqual({ id, sequence, type, status, attempts }, { id: failed.id, sequence: 1, type: 'poison', status: 500, attempts: failed.attempts });
  assert.match(error, /HTTP 500; max-age/);
  assert.ok(createdAt > 1.6e12 && diedAt >= createdAt);
  receiver.behave = () => ({});
  assert.equal(await resend(second, 'msg_unknown'), 0);
  assert.equal(await resend(second, id), 1);
  const accepted = await receiver.accept(2);
  assert.deepEqual([accepted[1].headers['webhook-id'], sequences(accepted)], [id, [2, 1]]);
  assert.deepEqual(await deadLetters(second), []);
});

test('410: what waits and what comes are dead letters, until they are sent again', async () => {
  receiver.behave = () => ({ status: 410 });
  const driver = start();
  driver.push({ n: 1 });
  assert.equal((await driver.report('failed'))['endpoint-gone'], true);
  driver.push({ n: 2 });
  await taken(driver, 2);
  await until('two dead letters', async () => (await deadLetters(driver)).length === 2);
  receiver.behave = () => ({});
  assert.equal(await resend(driver, ''), 2);
  driver.push({ n: 3 });
  assert.deepEqual(sequences(await receiver.accept(3)), upTo(3));
});

test('a file that another process has locked holds up the pipeline for a moment, and loses nothing', async () => {
  const driver = start();
  driver.push({ n: 1 });
  await receiver.accept(1);
  const locker = new Program('sqlite3', [spool()], { stdin: 'pipe' });
  locker.child.stdin.write('BEGIN EXCLUSIVE;\nSELECT 1;\n');
  await until('the lock', () => locker.lines.includes('1'));
  for (let n = 2; n <= 100; n++) driver.push({ n });
  await taken(driver, 100);
  assert.equal(receiver.accepted.length, 1);
  locker.child.stdin.end();
  await locker.ended;
  assert.deepEqual(sequences(await receiver.accept(100)), upTo(100));
});

test('gst-launch-1.0 killed in the middle: the next one delivers the rest, in order, without a gap', async () => {
  const kBodies = 300;
  for (let n = 0; n < kBodies; n++) fs.writeFileSync(path.join(directory.path, `event${String(n).padStart(3, '0')}.json`), `{"type":"event","n":${n}}`);
  const sink = `webhooksink name=pace location=${receiver.url} spool=${spool()} retry-base=50 retry-max=200`;
  const line = `-q multifilesrc location=${directory.path}/event%03d.json caps=application/json ! ${sink}`;
  let killing;
  receiver.behave = () => {
    if (receiver.requests.length === 20) killing.child.kill('SIGKILL');
    return {};
  };
  killing = new Program('gst-launch-1.0', line.split(' '));
  await killing.ended;
  assert.ok(receiver.accepted.length < kBodies, 'it was killed in the middle');

  const stored = Number((await run('sqlite3', [spool(), 'SELECT next_sequence - 1 FROM endpoint'])).stdout);
  const next = await launch(`fakesrc num-buffers=1 ! application/json ! ${sink}`);
  assert.equal(next.code, 0, next.stderr);
  const seen = sequences(receiver.accepted);
  assert.deepEqual([...new Set(seen)], upTo(stored), 'all that was stored, in order, without a gap');
  for (const request of receiver.accepted) assert.equal(JSON.parse(request.text).n, Number(request.headers['webhook-sequence']) - 1);
});
