// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { decodeErrors, packetTimes, probe } from '../lib/media_file.js';
import { run } from '../lib/process.js';
import { Rostrum } from '../lib/rostrum.js';

const kDefault = {
  layout: { type: 'GRID', priority: 'SPEAKER', gridSize: 25 },
  theme: 'DARK',
  quality: 'med',
  orientation: 'landscape',
};
const kBackground = [0x0f, 0x12, 0x17]; // of the dark theme

let rostrum;

before(async () => {
  rostrum = await Rostrum.start();
});
after(() => rostrum?.stop());

const pathOf = (room) => `/v2/rooms/${room}/composition`;
const patch = (room, body, token) => rostrum.call('PATCH', pathOf(room), body, token);

/** A body as it is written, for what is said about lines and columns. */
async function patchText(room, text) {
  const response = await fetch(new URL(pathOf(room), rostrum.url), {
    method: 'PATCH',
    headers: { authorization: rostrum.token(), 'content-type': 'application/json' },
    body: text,
  });
  return { status: response.status, body: await response.json() };
}

const graph = (sessionId, format) => rostrum.ok('GET', `/v2/sessions/${sessionId}/graph?format=${format}`);
/** The compositor as planned: what follows `name=` of each property. */
async function compositor(sessionId) {
  const text = await graph(sessionId, 'text');
  return text.split('\n').find((line) => line.includes('livecompositor'));
}

async function recordingOf(room) {
  const { id, sessionId } = await rostrum.ok('POST', '/v2/recordings/start', { roomId: room });
  await until('the recording runs', async () => (await rostrum.ok('GET', `/v2/recordings/${id}`)).status === 'started', 20000);
  return { id, sessionId };
}

async function finished(room, id) {
  await rostrum.ok('POST', '/v2/recordings/end', { roomId: room, id });
  return until(
    'the recording is finished',
    async () => {
      const recording = await rostrum.ok('GET', `/v2/recordings/${id}`);
      return recording.status === 'stopped' && recording;
    },
    20000,
  );
}

const recordingPath = (room, sessionId, id) => path.join(rostrum.state, 'recordings', room, sessionId, `${id}.mp4`);

/** Waits until the file has grown so many times by a fragment of half a second. */
async function recorded(file, fragments) {
  const sizeOf = () => fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0; // it begins with its first keyframe
  let [size, grown] = [sizeOf(), 0];
  await until(
    'more is recorded',
    () => {
      const now = sizeOf();
      grown += now > size;
      size = now;
      return grown >= fragments;
    },
    20000,
  );
}

/** Colour of one pixel in every picture of a file. @returns {Promise<number[][]>} */
async function pixels(file, x, y) {
  const colors = `${file}.rgb`;
  const filter = `crop=2:2:${x}:${y},format=rgb24`;
  await run('ffmpeg', ['-v', 'error', '-y', '-i', file, '-fps_mode', 'passthrough', '-vf', filter, '-f', 'rawvideo', colors]);
  const bytes = fs.readFileSync(colors);
  return Array.from({ length: bytes.length / 12 }, (_, i) => [...bytes.subarray(i * 12, i * 12 + 3)]);
}

const near = (pixel, color) => pixel.every((value, i) => Math.abs(value - color[i]) < 24);

test('only what is named changes, and what makes no sense changes nothing', async () => {
  const room = await rostrum.room();
  await rostrum.events(room, { participantId: 'ann' });
  assert.deepEqual((await rostrum.ok('GET', pathOf(room))).composition, kDefault);

  const changed = await patch(room, { layout: { type: 'pip', gap: 0 }, transition: { ms: 400 } });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  const pip = { ...kDefault, layout: { ...kDefault.layout, type: 'PIP', gap: 0 }, transition: { ms: 400 } };
  assert.deepEqual([changed.body.roomId, changed.body.composition], [room, pip]);

  const refused = [
    [{ layout: { type: 'GIRD' } }, /did you mean 'GRID'\?/],
    [{ layout: { type: 'CUSTOM' } }, /needs a description/],
    [{ layout: { type: 'GRID', description: { regions: [{}] } } }, /goes with the type CUSTOM/],
    [{ layout: { description: 'regions' } }, /has to be an object/],
    [{ layout: { gap: 121 } }, /gap has to be a whole number from 0 to 120/],
    [{ layout: { radius: -1 } }, /radius has to be a whole number from 0 to 360/],
    [{ layout: { gapp: 1 } }, /layout has no 'gapp', did you mean 'gap'\?/],
    [{ speakerBorder: 1.5 }, /speakerBorder has to be a whole number/],
    [{ accent: 'blurple' }, /accent has to be a colour/],
    [{ ticker: 'two\nlines' }, /ticker has to be a text/],
    [{ tickr: 'news' }, /did you mean 'ticker'\?/],
    [{ transition: { ease: 'bounce' } }, /unknown ease 'bounce'/],
    [{ transition: { ms: 5001 } }, /from 0 to 5000/],
    [{ theme: 'PINK' }, /unknown theme/],
    [{ quality: 'ultrra' }, /did you mean 'ultra'\?/],
    [{ pinned: ['a b'] }, /participant ids/],
    [{ layuot: {} }, /did you mean 'layout'\?/],
  ];
  for (const [body, message] of refused) {
    const answer = await patch(room, body);
    assert.equal(answer.status, 400, JSON.stringify(body));
    assert.match(answer.body.message, message);
  }
  assert.deepEqual((await rostrum.ok('GET', pathOf(room))).composition, pip);

  const all = await patch(room, {
    layout: { type: 'SCREEN', gap: null },
    theme: 'DEFAULT',
    speakerBorder: 6,
    accent: '#ff00aa',
    transition: { ease: 'linear' },
    pinned: ['ann'],
    screens: [],
  });
  assert.deepEqual(all.body.composition, {
    ...pip,
    layout: { ...pip.layout, type: 'SCREEN', gap: null },
    theme: 'DEFAULT',
    transition: { ms: 400, ease: 'linear' },
    speakerBorder: 6,
    accent: '#ff00aa',
    pinned: ['ann'],
    screens: [],
  });
});

test('a described layout is refused with the line and the column in the body', async () => {
  const room = await rostrum.room();
  await rostrum.events(room, { participantId: 'ann' });
  const bad = await patchText(room, '{"theme": "LIGHT",\n "layout": {"description":\n  {"regions": [\n    {"x": 1.5}]}}}');
  assert.equal(bad.status, 400);
  assert.equal(bad.body.message, "line 4, column 11: 'x' is a number from 0 to 1");
  const deep = await patchText(room, `{"layout": {"description": {"regions": ${'['.repeat(20)}${']'.repeat(20)}}}}`);
  assert.deepEqual([deep.status, deep.body.message], [400, 'line 1, column 56: nested too deeply']);
  assert.deepEqual((await rostrum.ok('GET', pathOf(room))).composition, kDefault);
  const start = await rostrum.call('POST', '/v2/recordings/start', {
    roomId: room,
    config: { layout: { description: { regions: [{ show: 'nobody' }] } } },
  });
  assert.equal(start.status, 400);
  assert.match(start.body.message, /^line 1, column \d+: 'show' is any, camera/);
  const description = { regions: [{ show: 'main' }] };
  const good = await patch(room, { layout: { description } });
  assert.deepEqual(good.body.composition.layout, { ...kDefault.layout, type: 'CUSTOM', description });
  const named = await patch(room, { layout: { type: 'GRID' } });
  assert.deepEqual(named.body.composition.layout, { ...kDefault.layout, description: null });
});

test('who may: a moderator of this room, while there is a session', async () => {
  const room = await rostrum.room();
  assert.equal((await patch(room, { theme: 'LIGHT' })).status, 404);
  assert.equal((await rostrum.call('GET', pathOf(room))).status, 404);
  assert.equal((await patch('none-none-none', {})).status, 404);
  await rostrum.events(room, { participantId: 'ann' });
  const viewer = await patch(room, { theme: 'LIGHT' }, rostrum.viewerToken(room));
  assert.deepEqual([viewer.status, viewer.body.code], [403, 4025]);
  const stranger = await patch(room, { theme: 'LIGHT' }, rostrum.hostToken('abcd-efgh-ijkl'));
  assert.deepEqual([stranger.status, stranger.body.code], [403, 4022]);
  assert.equal((await patch(room, { theme: 'LIGHT' }, 'nonsense')).status, 401);
  assert.equal((await patch(room, { theme: 'LIGHT' }, rostrum.hostToken(room))).status, 200);
});

test('the running composition changes while a recording goes on', async () => {
  const room = await rostrum.room();
  await rostrum.events(room, { participantId: 'ann' });
  const small = ['--width', '320', '--height', '180', '--bitrate', '300'];
  await rostrum.testHost(room, { participantId: 'bob', name: 'Bob', args: small });
  await rostrum.testHost(room, { participantId: 'cid', name: 'Cid', args: small });
  const { id, sessionId } = await recordingOf(room);
  await until('both are composed', async () => (await graph(sessionId, 'running')).match(/decode:(bob|cid):video_0\/decoder/g)?.length === 2);
  // The decoder of somebody who loses his tile goes; everything else stays.
  const lasting = async () => (await graph(sessionId, 'running')).replace(/^decode:\w+:video_.*\n/gm, '');
  const before = await lasting();

  const description = { gap: 0, radius: 0, regions: [{ width: 0.5, height: 0.5, show: 'label:Bob', fit: 'cover' }] };
  const steps = [
    [{ layout: { type: 'SIDEBAR', gap: 30 }, transition: { ms: 0 } }, / gap=30 .* layout=sidebar .*transition=0/],
    [{ layout: { type: 'SCREEN', gap: null }, theme: 'LIGHT' }, /layout=screen .*theme=light/],
    [{ ticker: 'Doors open at eight', lowerThird: 'Bob | Host' }, /lower-third="Bob | Host" .*ticker="Doors open at eight"/],
    [{ ticker: null, lowerThird: null, beRightBack: true }, /slate-mode=always/],
    [{ beRightBack: false }, /layout=screen/],
    [{ layout: { description }, theme: 'DARK', pinned: ['cid'], accent: '#ff00aa' }, /accent="#ff00aa".*layout=".*label:Bob/],
  ];
  for (const [body, planned] of steps) {
    const answer = await patch(room, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.match(await compositor(sessionId), planned);
    assert.equal(await lasting(), before, 'the same elements');
  }
  assert.doesNotMatch(await compositor(sessionId), / gap=|ticker=|slate-mode=/);
  const again = await patch(room, { accent: null });
  assert.equal(again.body.composition.accent, null);
  assert.doesNotMatch(await compositor(sessionId), /accent/);

  const filePath = recordingPath(room, sessionId, id);
  await recorded(filePath, 4);
  const recording = await finished(room, id);
  assert.equal(recording.parts?.length ?? recording.parts ?? 1, 1, 'one part');
  const { video } = await probe(filePath);
  assert.deepEqual([video.width, video.height], [1280, 720]);
  const times = await packetTimes(filePath, 'v');
  for (let i = 1; i < times.length; i++) assert.ok(times[i] - times[i - 1] < 1, `a gap at ${times[i - 1]}`);
  assert.equal(await decodeErrors(filePath), '');
  assert.ok(near((await pixels(filePath, 960, 540)).at(-1), kBackground), 'nobody stands outside the region');
  assert.ok(!near((await pixels(filePath, 320, 60)).at(-1), kBackground), 'Bob stands in it');
});

test('another size begins a part; the next serve knows how the picture is composed', async () => {
  const room = await rostrum.room();
  const ann = await rostrum.events(room, { participantId: 'ann' });
  const { id, sessionId } = await recordingOf(room);
  const portrait = await patch(room, { orientation: 'portrait', quality: 'low', layout: { type: 'PIP' } });
  assert.equal(portrait.status, 200);
  assert.match(await compositor(sessionId), /height=854 .*width=480/);
  rostrum.program.child.kill('SIGKILL');
  await rostrum.program.ended;
  await ann.closed;
  await rostrum.launch();
  const kept = await until('the session is taken up', async () => {
    const answer = await rostrum.call('GET', pathOf(room));
    return answer.status === 200 && answer.body.composition;
  });
  assert.deepEqual([kept.orientation, kept.quality, kept.layout.type], ['portrait', 'low', 'PIP']);
  await until('a new part', () => fs.existsSync(recordingPath(room, sessionId, `${id}.part2`)), 20000);
  assert.equal((await finished(room, id)).parts.length, 2);
});
