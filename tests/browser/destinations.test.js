// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Destinations of a livestream come, go and fail one by one. Every key in here has "hunter" in it.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { HostileRtmp } from '../lib/hostile_rtmp.js';
import { decodeErrors, flashesAndBeeps, packetTimes, probe } from '../lib/media_file.js';
import { NginxRtmp } from '../lib/nginx_rtmp.js';
import { commandLine } from '../lib/process.js';
import { Rostrum } from '../lib/rostrum.js';
import { SrtListener } from '../lib/srt_listener.js';
import { WebhookReceiver } from '../lib/webhook_receiver.js';

let rostrum;
let hooks;
let nginx;
let refuser;
const shown = []; // everything the API answered and told
const lines = []; // command lines of server and sessions
const logs = []; // of servers

before(async () => {
  hooks = await WebhookReceiver.start();
  nginx = await NginxRtmp.start();
  refuser = await HostileRtmp.start({
    misdeed: { at: 'publish', what: 'refuse', code: 'NetStream.Publish.Denied', description: 'no such key: hunter-refused' },
  });
  rostrum = await Rostrum.start({
    args: ['--webhook-url', hooks.url],
    env: { G_MESSAGES_DEBUG: 'all', GST_DEBUG: '*:3,rtmpegress:9' },
  });
});

after(async () => {
  await rostrum?.stop();
  await refuser?.stop();
  await nginx?.stop();
  await hooks?.stop();
});

/** A REST call whose answer is remembered. */
async function call(...request) {
  const answer = await rostrum.call(...request);
  shown.push(JSON.stringify(answer.body));
  return answer;
}

async function ok(...request) {
  const { status, body } = await call(...request);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

const outputs = async (id) => (await ok('GET', `/v2/livestreams/${id}`)).outputs;
const stateOf = (id, output, state) =>
  until(`${output} is ${state}`, async () => (await outputs(id)).find((one) => one.id === output && one.state === state), 20000);
const grown = (id, output, bytes) =>
  until(`${output} has sent ${bytes} bytes`, async () => (await outputs(id)).find((one) => one.id === output && one.bytes > bytes));
const told = (type, id) => hooks.received.filter((one) => one.type === type && one.data.id === id).map(({ data }) => data);

async function session(options = {}) {
  const room = await rostrum.room(options);
  const watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  const host = await rostrum.testHost(room);
  lines.push(...[rostrum.pid, ...rostrum.sessions()].map(commandLine));
  const end = async () => {
    shown.push(...watcher.messages.map((message) => JSON.stringify(message)));
    await host.stop();
    await rostrum.ok('POST', '/v2/sessions/end', { roomId: room });
    await watcher.closed;
  };
  return { room, watcher, end };
}

test('one is refused while another is live; one more comes; one goes; the others never notice', async () => {
  const { room, watcher, end } = await session();
  const { id, warnings } = await ok('POST', '/v2/livestreams/start', {
    roomId: room,
    outputs: [
      { url: nginx.url, streamKey: 'hunter-a' },
      { url: refuser.url, streamKey: 'hunter-refused' },
    ],
  });
  assert.deepEqual(warnings, []);
  const live = await stateOf(id, `${id}-0`, 'live');
  const refused = await stateOf(id, `${id}-1`, 'failed');
  assert.match(refused.error, /no such key: \*\*\*/);
  assert.equal(refused.url, refuser.url);
  assert.equal(refused.attempts, 1);
  const { data } = await hooks.next('livestream-output-failed');
  assert.deepEqual(
    [data.id, data.outputId, data.url, data.error],
    [id, `${id}-1`, refuser.url, refused.error],
  );
  await watcher.next('livestream-state-changed', ({ outputs: all = [] }) =>
    ['live', 'failed'].every((state, index) => all[index]?.state === state),
  );

  // Numbers get newer without any change of state.
  const from = watcher.messages.length;
  const early = await grown(id, live.id, 1000);
  const late = await grown(id, live.id, early.bytes + 1000);
  assert.ok(late.bitrate > 100_000 && late.bitrate < 8_000_000, `${late.bitrate} bit/s`);
  assert.deepEqual([late.state, late.attempts, late.reconnects, late.streamKey], ['live', 1, 0, '********']);
  assert.ok(!watcher.messages.slice(from).some(({ event }) => event === 'livestream-state-changed'));

  const second = (await ok('POST', `/v2/livestreams/${id}/outputs`, { url: nginx.url, streamKey: 'hunter-b' })).output;
  assert.equal(second.id, `${id}-2`);
  await nginx.noted('publish', 'hunter-b');
  await stateOf(id, second.id, 'live');
  for (const [body, status] of [
    [{ url: nginx.url, streamKey: 'hunter-b' }, 409],
    [{ url: 'http://a.example', streamKey: 'hunter-b' }, 400],
  ])
    assert.equal((await call('POST', `/v2/livestreams/${id}/outputs`, body)).status, status);

  await ok('DELETE', `/v2/livestreams/${id}/outputs/${live.id}`);
  await nginx.noted('done', 'hunter-a');
  await stateOf(id, live.id, 'stopped');
  const before = await grown(id, second.id, 0);
  await grown(id, second.id, before.bytes + 1000);
  assert.equal((await call('DELETE', `/v2/livestreams/${id}/outputs/${second.id}`)).status, 409);
  assert.equal((await call('DELETE', `/v2/livestreams/${id}/outputs/${live.id}`)).status, 404);
  assert.equal((await call('DELETE', `/v2/livestreams/${id}/outputs/none`)).status, 404);
  assert.ok(!nginx.notes.some(({ what, name }) => what === 'done' && name === 'hunter-b'));

  // The next one starts while this one still ends.
  await ok('POST', '/v2/livestreams/end', { roomId: room });
  const next = await ok('POST', '/v2/livestreams/start', { roomId: room, outputs: [{ url: nginx.url, streamKey: 'hunter-c' }] });
  await stateOf(next.id, `${next.id}-0`, 'live');
  await nginx.noted('done', 'hunter-b');
  await until('the first has stopped', () => told('livestream-stopped', id).length > 0);
  assert.deepEqual(
    told('livestream-stopped', id).map(({ reason }) => reason),
    ['ended'],
  );
  assert.deepEqual([told('livestream-output-failed', id).length, told('livestream-failed', id).length], [1, 0]);
  const stopped = await ok('GET', `/v2/livestreams/${id}`);
  assert.deepEqual([stopped.status, stopped.reason], ['stopped', 'ended']);
  assert.deepEqual(
    stopped.outputs.map(({ state }) => state),
    ['stopped', 'failed', 'stopped'],
  );
  assert.equal((await call('POST', `/v2/livestreams/${id}/outputs`, { url: nginx.url, streamKey: 'hunter-d' })).status, 404);
  assert.equal((await ok('GET', `/v2/livestreams?roomId=${room}`)).data.length, 2);
  await ok('POST', '/v2/livestreams/end', { roomId: room });
  await nginx.noted('done', 'hunter-c');
  await end();
  for (const name of ['hunter-a', 'hunter-b', 'hunter-c']) assert.equal(await decodeErrors(nginx.recorded(name)), '');
});

test('a livestream whose every output is refused has failed, once', async () => {
  const { room, watcher, end } = await session();
  const { id } = await ok('POST', '/v2/livestreams/start', {
    roomId: room,
    outputs: [
      { url: refuser.url, streamKey: 'hunter-refused' },
      { url: `${refuser.url}/x/hunter-refused` },
    ],
  });
  await until('it has failed', () => told('livestream-failed', id).length > 0, 20000);
  assert.equal(told('livestream-failed', id).length, 1);
  assert.equal(new Set(told('livestream-output-failed', id).map(({ outputId }) => outputId)).size, 2);
  assert.equal(told('livestream-stopped', id).length, 0);
  await watcher.next('livestream-state-changed', ({ status }) => status === 'LIVESTREAM_STOPPED');
  await watcher.next('error', ({ code }) => code === 5002);
  assert.equal((await ok('GET', `/v2/livestreams/${id}`)).status, 'failed');
  await end();
});

test('a room made for it has several livestreams at once', async () => {
  const { room, end } = await session({ multiComposition: { rtmp: true } });
  const ids = [];
  for (const streamKey of ['hunter-m0', 'hunter-m1']) {
    const { id } = await ok('POST', '/v2/livestreams/start', { roomId: room, outputs: [{ url: nginx.url, streamKey }] });
    ids.push(id);
  }
  for (const id of ids) await stateOf(id, `${id}-0`, 'live');
  await ok('POST', '/v2/livestreams/end', { roomId: room, id: ids[0] });
  await nginx.noted('done', 'hunter-m0');
  const { bytes } = await grown(ids[1], `${ids[1]}-0`, 0);
  await grown(ids[1], `${ids[1]}-0`, bytes + 1000);
  await ok('POST', '/v2/livestreams/end', { roomId: room });
  await nginx.noted('done', 'hunter-m1');
  await end();
});

test('SRT: picture and sound arrive together', async () => {
  const { room, end } = await session();
  const listener = await SrtListener.create('&passphrase=hunter-secret');
  listener.launch();
  const { id } = await ok('POST', '/v2/livestreams/start', {
    roomId: room,
    outputs: [{ url: `${listener.url}?passphrase=hunter-secret&latency=200`, streamKey: 'hunter-id' }],
  });
  const live = await stateOf(id, `${id}-0`, 'live');
  assert.equal(live.url, listener.url);
  await listener.received(6);
  await ok('POST', '/v2/livestreams/end', { roomId: room });
  await listener.program.ended;
  await end();
  const { video, audio } = await probe(listener.file);
  assert.deepEqual([video.codec_name, video.width, video.height, audio.codec_name], ['h264', 1280, 720, 'aac']);
  assert.equal(await decodeErrors(listener.file), '');
  const times = await packetTimes(listener.file, 'v');
  assert.ok(Math.abs((times.length - 1) / (times.at(-1) - times[0]) - 30) < 1);
  const { flashes, beeps } = await flashesAndBeeps(listener.file);
  assert.ok(flashes.length >= 3, `${flashes.length} flashes`);
  // The middle one: a busy machine may swallow a beep.
  const apart = flashes.map((flash) => Math.min(...beeps.map((beep) => Math.abs(beep - flash)))).sort((a, b) => a - b);
  const middle = apart[apart.length >> 1];
  assert.ok(middle <= 0.08, `${(middle * 1000).toFixed(0)} ms between picture and sound`);
  await listener.stop();
});

test('server and session process die: what was live goes on or comes back, what was refused is not asked again', async () => {
  const { room, end } = await session();
  const { id, sessionId } = await ok('POST', '/v2/livestreams/start', {
    roomId: room,
    outputs: [
      { url: nginx.url, streamKey: 'hunter-k' },
      { url: refuser.url, streamKey: 'hunter-refused' },
    ],
  });
  const publishes = () => nginx.notes.filter(({ what, name }) => what === 'publish' && name === 'hunter-k').length;
  await stateOf(id, `${id}-0`, 'live');
  await stateOf(id, `${id}-1`, 'failed');
  const asked = refuser.connections;

  const pid = await rostrum.sessionPid(sessionId);
  rostrum.program.child.kill('SIGKILL');
  await rostrum.program.ended;
  logs.push(rostrum.program.stderr);
  await rostrum.launch();
  const { bytes } = await grown(id, `${id}-0`, 0);
  await grown(id, `${id}-0`, bytes + 1000);
  assert.equal(publishes(), 1, 'the push never noticed the server');
  await stateOf(id, `${id}-1`, 'failed');

  process.kill(pid, 'SIGKILL');
  await until('it is published again', () => publishes() === 2, 20000);
  await stateOf(id, `${id}-0`, 'live');
  await stateOf(id, `${id}-1`, 'failed');
  assert.equal(refuser.connections, asked);
  assert.deepEqual([told('livestream-output-failed', id).length, told('livestream-failed', id).length], [1, 0]);
  await ok('POST', '/v2/livestreams/end', { roomId: room });
  await until('it has stopped', async () => (await ok('GET', `/v2/livestreams/${id}`)).status === 'stopped', 20000);
  await end();
});

/** The first place where a secret stands, with what is around it. */
const leak = (text) => text.match(/.{0,80}hunter.{0,20}/)?.[0];

test('no key, passphrase or stream id stands anywhere that people or other programs look', async () => {
  logs.push(rostrum.program.stderr);
  assert.match(lines.join(), /rostrum-session.*--session/);
  const directory = path.join(rostrum.state, 'logs');
  const sessions = fs.readdirSync(directory).map((file) => fs.readFileSync(path.join(directory, file), 'utf8'));
  assert.match(sessions.join(''), /rtmpegress.*\*\*\*: live/, 'the sessions logged');
  const api = await rostrum.ok('GET', '/openapi.json');
  for (const [what, text] of Object.entries({
    'command lines': lines.join('\n'),
    'logs of the sessions': sessions.join(''),
    'log of the server': logs.join(''),
    'answers and events': shown.join('\n'),
    webhooks: JSON.stringify(hooks.received),
    'description of the API': JSON.stringify(api),
  }))
    assert.equal(leak(text), undefined, what);
});
