// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Recordings on their way into a bucket, while servers at both ends die.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { childrenOf, isRunning } from '../lib/process.js';
import { Rostrum } from '../lib/rostrum.js';
import { S3Server } from '../lib/s3_server.js';
import { WebhookReceiver } from '../lib/webhook_receiver.js';

const kMib = 1 << 20;
const kPaddingMib = 27; // four parts of 8 MiB with the recording
let s3, receiver;

const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');

before(async () => {
  s3 = await S3Server.create();
  receiver = await WebhookReceiver.start();
});
after(async () => {
  await s3?.stop();
  await receiver?.stop();
});

function serve(secret, args = []) {
  return Rostrum.start({
    args: [
      ...['--webhook-url', receiver.url, '--s3-endpoint', s3.url, '--s3-bucket', S3Server.bucket],
      ...['--s3-access-key-id', S3Server.credentials.id, '--s3-prefix', 'live/', ...args],
    ],
    env: { ROSTRUM_S3_SECRET_ACCESS_KEY: secret },
  });
}

/** A short recording of a real host. @returns {Promise<object>} as it is once it has been processed */
async function record(rostrum) {
  const room = await rostrum.room();
  const host = await rostrum.testHost(room);
  const { id } = await rostrum.ok('POST', '/v2/recordings/start', { roomId: room, awsDirPath: '../shows/one' });
  const of = (type) => () => receiver.received.find((one) => one.type === type && one.data.id === id);
  await until('it records', of('recording-started'), 30000);
  await rostrum.ok('POST', '/v2/recordings/end', { roomId: room });
  await until('it is processed', of('recording-processed'), 30000);
  await host.stop();
  return rostrum.ok('GET', `/v2/recordings/${id}`);
}

const upload = async (rostrum, id) => (await rostrum.ok('GET', `/v2/recordings/${id}`)).upload;

/** A box that players skip makes a short recording a large file. */
function pad(file) {
  const box = Buffer.alloc(kPaddingMib * kMib, 'x');
  box.writeUInt32BE(box.length, 0);
  box.write('free', 4);
  fs.appendFileSync(file, box);
}

test('a recording arrives whole though serve and bucket are killed on the way', { timeout: 120000 }, async () => {
  const rostrum = await serve(S3Server.credentials.secret);
  try {
    const { id, file } = await record(rostrum);
    await until('the bucket is missed', async () => /cannot be reached/.test((await upload(rostrum, id)).error));
    pad(file.filePath);
    const whole = fs.readFileSync(file.filePath);

    s3.allow(11 * kMib); // in the middle of the second part
    await s3.start();
    await until('a part has arrived', () => s3.exhausted, 40000);
    const [job] = childrenOf(rostrum.pid, 'rostrum-job');
    assert.ok(job);
    rostrum.program.child.kill('SIGKILL');
    await rostrum.program.ended;
    await until('the job ends with serve', () => !isRunning(job));

    s3.allow(13 * kMib);
    await rostrum.launch();
    await until('more has arrived', () => s3.exhausted, 40000);
    await s3.kill();
    s3.allow(Infinity);
    await s3.start();
    const uploaded = await until('it is uploaded', () => receiver.received.find((one) => one.type === 'recording-uploaded'), 60000);
    assert.equal(uploaded.data.id, id);

    const stem = path.basename(file.filePath, '.mp4');
    const keys = s3.keys().map((key) => path.basename(key));
    assert.deepEqual(keys.toSorted(), [`${stem}.jpg`, `${stem}.mp4`, `${stem}.thumbnails.jpg`, `${stem}.thumbnails.vtt`]);
    const key = s3.keys().find((one) => one.endsWith('.mp4'));
    assert.ok(key.startsWith('live/shows/one/'), key);
    assert.equal(sha256(s3.object(key)), sha256(whole));
    assert.ok(s3.forwarded < 1.8 * whole.length, `${s3.forwarded} bytes were sent for ${whole.length}`);
    await until('the files here are gone', () => !fs.existsSync(file.filePath));

    const recording = await rostrum.ok('GET', `/v2/recordings/${id}`);
    assert.equal(recording.upload.state, 'completed');
    assert.ok(recording.file.fileUrl.startsWith(`${s3.url}/${S3Server.bucket}/live/shows/one/`));
    const object = await fetch(recording.file.fileUrl);
    assert.equal(object.status, 200);
    assert.equal(sha256(Buffer.from(await object.arrayBuffer())), sha256(whole));
    const forged = await fetch(recording.file.fileUrl.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')));
    assert.equal(forged.status, 403);
    const headers = { authorization: rostrum.token() };
    const link = await fetch(new URL(`/v2/recordings/${id}/file`, rostrum.url), { headers, redirect: 'manual' });
    assert.equal(link.status, 302, 'a link to here leads to the bucket');
    assert.equal((await fetch(link.headers.get('location'))).status, 200);
  } finally {
    await rostrum.stop();
  }
});

test('wrong credentials are said, and nothing is lost or told', { timeout: 60000 }, async () => {
  const secret = 'not-the-secret-of-this-bucket';
  const rostrum = await serve(secret);
  try {
    const { id, file } = await record(rostrum);
    const state = await until('the bucket refuses', async () => {
      const now = await upload(rostrum, id);
      return now.error && now;
    });
    assert.match(state.error, /403 SignatureDoesNotMatch/);
    assert.ok(Date.parse(state.nextTryAt) > 0);
    assert.ok(fs.existsSync(file.filePath));
    const answer = JSON.stringify(await rostrum.ok('GET', `/v2/recordings/${id}`));
    const logs = fs
      .readdirSync(path.join(rostrum.state, 'logs'))
      .map((name) => fs.readFileSync(path.join(rostrum.state, 'logs', name), 'utf8'));
    for (const text of [answer, rostrum.program.stderr, ...logs]) assert.ok(!text.includes(secret));
  } finally {
    await rostrum.stop();
  }
});
