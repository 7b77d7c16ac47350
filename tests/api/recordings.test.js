// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Recordings over HTTP, with a real host: what becomes of them after the end, and how their files are served.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { decodeErrors, probe } from '../lib/media_file.js';
import { usage } from '../lib/process.js';
import { Rostrum } from '../lib/rostrum.js';
import { WebhookReceiver } from '../lib/webhook_receiver.js';

let rostrum, receiver, room, watcher, recording;

/** A server that was started again listens elsewhere. */
const here = (url) => {
  const { pathname, search } = new URL(url, rostrum.url);
  return new URL(pathname + search, rostrum.url);
};
const get = (url, headers = {}) => fetch(here(url), { headers, redirect: 'manual' });
const bytesOf = async (response) => Buffer.from(await response.arrayBuffer());

before(async () => {
  receiver = await WebhookReceiver.start();
  rostrum = await Rostrum.start({ args: ['--webhook-url', receiver.url] });
  room = await rostrum.room();
  watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  await rostrum.testHost(room);
  const { id } = await rostrum.ok('POST', '/v2/recordings/start', { roomId: room, metadata: { show: 7 } });
  await receiver.next('recording-started', 30000);
  await until('5 s are recorded', async () => {
    const [from] = receiver.received.filter((one) => one.type === 'recording-started');
    from.at ??= performance.now();
    return performance.now() - from.at > 5000;
  });
  await rostrum.ok('POST', '/v2/recordings/stop', { roomId: room, id });
  await receiver.next('recording-processed', 30000);
  recording = await rostrum.ok('GET', `/v2/recordings/${id}`);
});

after(async () => {
  await rostrum?.stop();
  await receiver?.stop();
});

test('webhooks and events tell of the end, and of what was made of it', async () => {
  const types = receiver.types().filter((type) => type.startsWith('recording-'));
  assert.deepEqual(types, ['recording-starting', 'recording-started', 'recording-stopping', 'recording-stopped', 'recording-processed']);
  const stopped = (await receiver.next('recording-stopped')).data;
  assert.deepEqual([stopped.id, stopped.meetingId, stopped.filePath], [recording.id, room, recording.file.filePath]);
  assert.equal((await get(stopped.fileUrl)).status, 200);
  const processed = (await receiver.next('recording-processed')).data;
  assert.equal(processed.id, recording.id);
  assert.equal(processed.files[0].sha256, recording.file.sha256);
  assert.equal((await watcher.next('recording-processed')).data.processing, 'completed');
});

test('a recording says what it holds', async () => {
  const { file, parts } = recording;
  assert.deepEqual(
    [recording.status, recording.processing, recording.paused, recording.metadata],
    ['stopped', 'completed', false, { show: 7 }],
  );
  assert.deepEqual([file.meta.resolution, file.meta.format, file.type], [{ width: 1280, height: 720 }, 'mp4', 'video']);
  assert.ok(file.meta.duration > 4 && file.meta.duration < 9, `${file.meta.duration} s`);
  assert.equal(file.size, fs.statSync(file.filePath).size);
  assert.equal(file.sha256, crypto.createHash('sha256').update(fs.readFileSync(file.filePath)).digest('hex'));
  assert.equal(parts.length, 1);
  if (parts[0].startedAt) assert.ok(Math.abs(parts[0].startedAt - Date.parse(recording.start)) < 3000);
  assert.equal(await decodeErrors(file.filePath), '');
  const { format } = await probe(file.filePath);
  assert.ok(Math.abs(Number(format.duration) - file.meta.duration) < 0.1);
});

test('a link works without a token, and serves ranges', async () => {
  const whole = fs.readFileSync(recording.file.filePath);
  const url = recording.file.fileUrl;
  const plain = await get(url);
  assert.deepEqual([plain.status, plain.headers.get('content-type'), plain.headers.get('accept-ranges')], [200, 'video/mp4', 'bytes']);
  assert.match(plain.headers.get('content-disposition'), new RegExp(`attachment; filename="${recording.id}.mp4"`));
  assert.ok((await bytesOf(plain)).equals(whole));

  const size = whole.length;
  const rows = [
    ['bytes=0-99', 206, `bytes 0-99/${size}`, whole.subarray(0, 100)],
    ['bytes=100-100', 206, `bytes 100-100/${size}`, whole.subarray(100, 101)],
    [`bytes=${size - 5}-`, 206, `bytes ${size - 5}-${size - 1}/${size}`, whole.subarray(-5)],
    ['bytes=-7', 206, `bytes ${size - 7}-${size - 1}/${size}`, whole.subarray(-7)],
    [`bytes=-${size * 2}`, 206, `bytes 0-${size - 1}/${size}`, whole],
    [`bytes=10-${size * 2}`, 206, `bytes 10-${size - 1}/${size}`, whole.subarray(10)],
    [`bytes=${size}-`, 416, `bytes */${size}`, null],
    ['bytes=-0', 416, `bytes */${size}`, null],
    ['bytes=9-3', 200, null, whole],
    ['lines=0-3', 200, null, whole],
  ];
  for (const [range, status, contentRange, bytes] of rows) {
    const response = await get(url, { range });
    const body = await bytesOf(response);
    assert.deepEqual([response.status, response.headers.get('content-range')], [status, contentRange], range);
    if (bytes) assert.ok(body.equals(bytes), range);
  }

  const several = await get(url, { range: 'bytes=0-9,20-29,-10' });
  assert.equal(several.status, 206);
  const [, boundary] = several.headers.get('content-type').match(/^multipart\/byteranges; boundary=(\w+)$/);
  const body = await bytesOf(several);
  assert.equal(Number(several.headers.get('content-length')), body.length);
  const pieces = body.toString('latin1').split(`\r\n--${boundary}`).slice(1, -1);
  assert.deepEqual(
    pieces.map((piece) => [piece.match(/Content-Range: (.*)\r/)[1], piece.slice(piece.indexOf('\r\n\r\n') + 4)]),
    [
      [`bytes 0-9/${size}`, whole.toString('latin1', 0, 10)],
      [`bytes 20-29/${size}`, whole.toString('latin1', 20, 30)],
      [`bytes ${size - 10}-${size - 1}/${size}`, whole.toString('latin1', size - 10)],
    ],
  );
});

test('conditions and HEAD', async () => {
  const url = recording.file.fileUrl;
  const head = await fetch(here(url), { method: 'HEAD' });
  const etag = head.headers.get('etag');
  const modified = head.headers.get('last-modified');
  assert.deepEqual([head.status, Number(head.headers.get('content-length'))], [200, recording.file.size]);
  assert.equal((await get(url, { 'if-none-match': etag })).status, 304);
  assert.equal((await get(url, { 'if-none-match': '"other"' })).status, 200);
  assert.equal((await get(url, { 'if-modified-since': modified })).status, 304);
  assert.equal((await get(url, { 'if-modified-since': new Date(0).toUTCString() })).status, 200);
  for (const [condition, status] of [
    [etag, 206],
    [modified, 206],
    ['"other"', 200],
  ])
    assert.equal((await get(url, { range: 'bytes=0-1', 'if-range': condition })).status, status, condition);
});

test('poster, thumbnails and their text have links of their own', async () => {
  const [part] = recording.parts;
  for (const [url, type] of [
    [part.posterUrl, 'image/jpeg'],
    [part.thumbnailsUrl, 'text/vtt; charset=utf-8'],
  ]) {
    const response = await get(url);
    assert.deepEqual([response.status, response.headers.get('content-type')], [200, type]);
    await response.arrayBuffer();
  }
  const text = await (await get(part.thumbnailsUrl)).text();
  const sprite = text.match(/^(\S+)#xywh=0,0,160,90$/m)[1];
  const picture = await get(new URL(sprite, new URL(part.thumbnailsUrl, rostrum.url)));
  assert.deepEqual([picture.status, picture.headers.get('content-type')], [200, 'image/jpeg']);
});

test('links that are forged, of another file, or old are refused with words', async () => {
  const url = new URL(recording.file.fileUrl, rostrum.url);
  const altered = (change) => {
    const copy = new URL(url);
    change(copy);
    return copy;
  };
  const rows = [
    [altered((one) => one.searchParams.set('expires', Number(one.searchParams.get('expires')) + 1)), /signature/],
    [altered((one) => one.searchParams.set('signature', 'a'.repeat(64))), /signature/],
    [altered((one) => (one.pathname = one.pathname.replace('.mp4', '.jpg'))), /signature/],
  ];
  for (const [forged, words] of rows) {
    const response = await get(forged);
    assert.equal(response.status, 403);
    assert.match((await response.json()).message, words);
  }
  assert.equal((await get(altered((one) => (one.search = '')))).status, 401);
  const token = rostrum.token();
  for (const name of ['..%2f..%2f..%2frostrum.conf', '..%2f..', 'rostrum.db', `${recording.id}.mp4%00.jpg`])
    assert.equal((await get(`/v2/recordings/${recording.id}/files/${name}`, { authorization: token })).status, 404, name);
  const other = rostrum.hostToken(await rostrum.room());
  assert.equal((await get(url.pathname, { authorization: other })).status, 403);
});

test('a link expires', async () => {
  await rostrum.program.stop();
  rostrum.args.push('--recording-link-lifetime', '1');
  await rostrum.launch();
  const { file } = await rostrum.ok('GET', `/v2/recordings/${recording.id}`);
  const expires = Number(new URL(file.fileUrl, rostrum.url).searchParams.get('expires'));
  await until('the second is over', () => Date.now() / 1000 >= expires);
  const late = await get(file.fileUrl);
  assert.equal(late.status, 403);
  assert.match((await late.json()).message, /has expired; ask for the recording again/);
  assert.equal((await get(recording.file.fileUrl)).status, 200, 'one that was given for longer still works');
  await rostrum.program.stop();
  rostrum.args.splice(-2);
  await rostrum.launch();
});

test('a large file goes out piece by piece; one that shrinks meanwhile cuts the connection', { timeout: 60000 }, async () => {
  const kBytes = 400 << 20;
  const { filePath, size } = recording.file;
  fs.truncateSync(filePath, kBytes); // the rest is a hole
  const clients = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const request = http.get(here(recording.file.fileUrl));
      request.on('error', () => {});
      const [response] = await once(request, 'response');
      return { request, response };
    }),
  );
  const before = usage(rostrum.pid).rssKib;
  const ends = clients.slice(1).map(async ({ response }) => {
    let bytes = 0;
    for await (const piece of response) bytes += piece.length;
    return bytes;
  });
  assert.deepEqual(await Promise.all(ends), [kBytes, kBytes]);
  const grown = usage(rostrum.pid).rssKib - before;
  assert.ok(grown < 50 << 10, `${grown} KiB more for three clients of ${kBytes >> 10} KiB`);

  fs.truncateSync(filePath, size);
  const [{ response }] = clients;
  await assert.rejects(async () => {
    for await (const piece of response) void piece;
  }, /aborted/);
  assert.equal((await get('/healthz')).status, 200);
});

test('kill -9 of serve before the file is looked at: it is looked at later', { timeout: 60000 }, async () => {
  const other = await rostrum.room();
  const host = await rostrum.testHost(other);
  const { id } = await rostrum.ok('POST', '/v2/recordings/start', { roomId: other });
  const told = (type) => receiver.received.find((one) => one.type === type && one.data.id === id);
  await until('it records', () => told('recording-started'), 30000);
  await rostrum.ok('POST', '/v2/recordings/end', { roomId: other });
  await until('it has stopped', () => told('recording-stopped'), 20000);
  rostrum.program.child.kill('SIGKILL');
  await rostrum.program.ended;
  await rostrum.launch();
  const processed = await until('it is processed', () => told('recording-processed'), 20000);
  assert.equal(processed.data.processing, 'completed');
  assert.equal(await decodeErrors(processed.data.files[0].filePath), '');
  await host.stop();
});

/** A running recording of a room of its own. `told`: the webhooks of a type about it. */
async function recordingOfItsOwn(options = {}, ofRoom = {}) {
  const other = await rostrum.room(ofRoom);
  const people = await rostrum.events(other, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const host = await rostrum.testHost(other);
  const { id } = await rostrum.ok('POST', '/v2/recordings/start', { roomId: other, ...options });
  const told = (type) => receiver.received.filter((one) => one.type === type && one.data.id === id);
  await until('it records', () => told('recording-started').length, 30000);
  return { other, people, host, id, told };
}

test('kill -9 of the session: the parts are processed each, and all can be fetched', { timeout: 90000 }, async () => {
  const { other, people, host, id, told } = await recordingOfItsOwn();
  const from = performance.now();
  await until('2 s are recorded', () => performance.now() - from > 2000);
  process.kill(await rostrum.sessionPid(people.joined.sessionId), 'SIGKILL');
  await people.next('session-restarted', undefined, { timeoutMs: 20000 });
  await host.stop('SIGKILL');
  const again = await rostrum.testHost(other);
  const stem = `${rostrum.state}/recordings/${other}/${people.joined.sessionId}/${id}`;
  await until(
    'it goes on in a new part',
    () => fs.existsSync(`${stem}.part2.mp4`) && fs.statSync(`${stem}.part2.mp4`).size > 100000,
    30000,
  );
  await rostrum.ok('POST', '/v2/recordings/end', { roomId: other });
  await until('it is processed', () => told('recording-processed').length, 40000);
  const types = receiver.received.filter((one) => one.data.id === id).map((one) => one.type);
  assert.deepEqual(types, ['recording-starting', 'recording-started', 'recording-stopping', 'recording-stopped', 'recording-processed']);
  const { parts, files } = await rostrum.ok('GET', `/v2/recordings/${id}`);
  assert.deepEqual([parts.length, files.length], [2, 2]);
  for (const part of parts) {
    assert.equal(part.processing, 'completed', part.error);
    const bytes = await bytesOf(await get(part.fileUrl));
    assert.equal(crypto.createHash('sha256').update(bytes).digest('hex'), part.sha256);
    assert.equal(await decodeErrors(part.path), '');
    assert.equal((await get(part.posterUrl)).status, 200);
    assert.equal((await get(part.thumbnailsUrl)).status, 200);
  }
  assert.ok(parts[1].startedAt >= parts[0].startedAt + parts[0].durationMs, 'the parts follow one another');
  await again.stop();
});

test('a recording without a place to write to is told as failed, and as started when it goes on', { timeout: 90000 }, async () => {
  const { other, people, host, id, told } = await recordingOfItsOwn();
  const directory = `${rostrum.state}/recordings/${other}/${people.joined.sessionId}`;
  fs.renameSync(directory, `${directory}.away`);
  fs.writeFileSync(directory, 'no directory');
  process.kill(await rostrum.sessionPid(people.joined.sessionId), 'SIGKILL');
  await people.next('session-restarted', undefined, { timeoutMs: 20000 });
  await host.stop('SIGKILL');
  const again = await rostrum.testHost(other);
  const [failed] = await until('it fails', () => told('recording-failed').length && told('recording-failed'), 30000);
  assert.equal(failed.data.resumes, true);
  assert.match(failed.data.error, /\w/);
  fs.rmSync(directory);
  fs.renameSync(`${directory}.away`, directory);
  await until('it goes on', () => told('recording-started').length === 2, 40000);
  await rostrum.ok('POST', '/v2/recordings/end', { roomId: other });
  await until('it is processed', () => told('recording-processed').length, 40000);
  const types = receiver.received.filter((one) => one.data.id === id).map((one) => one.type.slice('recording-'.length));
  assert.deepEqual(types, ['starting', 'started', 'failed', 'started', 'stopping', 'stopped', 'processed']);
  await again.stop();
});

test('onFailure ends the session of a recording that does not come back in time', { timeout: 60000 }, async () => {
  const several = { multiComposition: { recording: true } };
  const { other, people, host, told } = await recordingOfItsOwn({ onFailure: { action: 'close-room', waitTime: 1 } }, several);
  const patient = { roomId: other, onFailure: { action: 'close-room', waitTime: 150 } }; // and does not make the first one wait
  const { id } = await rostrum.ok('POST', '/v2/recordings/start', patient);
  const second = (type) => receiver.received.some((one) => one.type === type && one.data.id === id);
  await until('the second one records', () => second('recording-started'), 30000);
  const directory = `${rostrum.state}/recordings/${other}/${people.joined.sessionId}`;
  fs.renameSync(directory, `${directory}.away`);
  fs.writeFileSync(directory, 'no directory');
  process.kill(await rostrum.sessionPid(people.joined.sessionId), 'SIGKILL');
  await until('it fails', () => told('recording-failed').length, 30000);
  assert.equal((await people.next('session-ended', undefined, { timeoutMs: 20000 })).data.reason, 'failed');
  await host.stop('SIGKILL');
});

test('a recording in which nothing was recorded is told as processed too', async () => {
  const other = await rostrum.room();
  const people = await rostrum.events(other, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const graph = `/v2/sessions/${people.joined.sessionId}/graph`;
  await until('the session is up', async () => (await rostrum.call('GET', graph)).status === 200, 20000);
  const start = await rostrum.ok('POST', '/v2/recordings/participant/start', { roomId: other, participantId: 'nobody' });
  await rostrum.ok('POST', '/v2/recordings/participant/stop', { roomId: other, participantId: 'nobody' });
  const told = (type) => receiver.received.findIndex((one) => one.type === type && one.data.id === start.id);
  await until('it is told', () => told('recording-processed') >= 0, 25000);
  assert.ok(told('participant-recording-stopped') < told('recording-processed'));
  const { processing, parts, file } = await rostrum.ok('GET', `/v2/recordings/participant/${start.id}`);
  assert.deepEqual([processing, parts, file], ['failed', [], null]);
  assert.equal((await rostrum.call('GET', `/v2/recordings/${start.id}/file`)).status, 404);
});

test('a client that takes its time, and one that goes, cost nobody else', async () => {
  const agent = new http.Agent({ maxSockets: 1 });
  const slow = http.get(here(recording.file.fileUrl), { agent });
  const response = await new Promise((resolve) => slow.once('response', resolve));
  response.pause();
  assert.equal((await get('/healthz')).status, 200);
  slow.destroy();
  for (let i = 0; i < 20; ++i) {
    const one = http.get(here(recording.file.fileUrl));
    one.once('error', () => {});
    await new Promise((resolve) => one.once('response', resolve));
    one.destroy();
  }
  assert.equal((await get('/healthz')).status, 200);
});

test('what is asked for wrongly is refused with what is right', async () => {
  const start = '/v2/recordings';
  const rows = [
    [`${start}/start`, { fileFormat: 'avi' }, /mp4 or webm/],
    [`${start}/start`, { config: { mode: 'smell' } }, /video-and-audio or audio/],
    [`${start}/start`, { split: { minutes: 0 } }, /split.minutes/],
    [`${start}/start`, { onFailure: { action: 'shout' } }, /close-room/],
    [`${start}/start`, { onFailure: { action: 'close-room', waitTime: 151 } }, /0 to 150/],
    [`${start}/participant/start`, { participantId: 'a', onFailure: { action: 'close-room' } }, /of the room/],
    [`${start}/participant/start`, {}, /participantId/],
    [`${start}/participant/start`, { participantId: 'a b' }, /participantId/],
    [`${start}/participant/track/start`, { participantId: 'a', kind: 'smell' }, /audio, video, screen_audio, screen_video/],
    [`${start}/composite/start`, { participants: 'all' }, /participants has to be a list/],
    [`${start}/composite/start`, { participants: [{ participantId: 'a', kind: ['nose'] }] }, /kind has to be of/],
    [`${start}/composite/start`, { participants: [{ participantId: 'a' }, { participantId: 'a' }] }, /'a' is named twice/],
    [`${start}/composite/start`, { participants: Array.from({ length: 101 }, (_, i) => ({ participantId: `p${i}` })) }, /at most 100/],
    [`${start}/participant/stop`, {}, /participantId/],
    [`${start}/participant/track/stop`, { participantId: 'a' }, /kind is missing/],
  ];
  for (const [route, body, words] of rows) {
    const { status, body: answer } = await rostrum.call('POST', route, { roomId: room, ...body });
    assert.equal(status, 400, `${route} ${JSON.stringify(body)}`);
    assert.match(answer.message, words);
  }
  for (const [route, fileFormat, words] of [
    [`${start}/start`, 'm3u8', /mp4 or webm.*hls\/start/],
    [`${start}/participant/track/start`, 'mp3', /sound alone/],
  ]) {
    const body = { roomId: room, participantId: 'a', kind: 'audio', fileFormat };
    const { status, body: answer } = await rostrum.call('POST', route, body);
    assert.equal(status, 501, route);
    assert.match(answer.message, words);
  }
  for (const [recording, wanted, words] of [
    [{ fileFormat: 'avi' }, 400, /autoStartConfig.recording: fileFormat/],
    [{ fileFormat: 'm3u8' }, 501, /autoStartConfig.recording: .*m3u8/],
    [{ templateUrl: 'https://app.example/t' }, 501, /autoStartConfig.recording: templateUrl/],
    [{ config: { theme: 'PINK' } }, 400, /autoStartConfig.recording: unknown theme 'PINK'/],
  ]) {
    const { status, body: answer } = await rostrum.call('POST', '/v2/rooms', { autoStartConfig: { recording } });
    assert.equal(status, wanted, JSON.stringify(recording));
    assert.match(answer.message, words);
  }
  assert.equal((await rostrum.call('POST', `${start}/participant/stop`, { roomId: room, participantId: 'nobody' })).status, 404);
  assert.equal((await rostrum.call('POST', `${start}/${recording.id}/pause`, {})).status, 409);
  assert.equal((await rostrum.call('POST', `${start}/${'0'.repeat(24)}/pause`, {})).status, 404);
});
