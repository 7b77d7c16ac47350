// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// HLS as players, CDNs and app servers see it, without a browser.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import test, { after, before } from 'node:test';
import { promisify } from 'node:util';

import { until, within } from '../lib/deadline.js';
import { get, nextPart, playlistErrors, startHls, variantsOf } from '../lib/hls.js';
import { Rostrum } from '../lib/rostrum.js';
import { WebhookReceiver } from '../lib/webhook_receiver.js';

const run = promisify(execFile);
let rostrum, room, watcher, host, hls;

before(async () => {
  rostrum = await Rostrum.start();
  room = await rostrum.room();
  watcher = await rostrum.events(room, { participantId: 'watcher', mode: 'SIGNALLING_ONLY' });
  host = await rostrum.testHost(room);
  hls = await startHls(rostrum, room, { config: { quality: 'med', layout: { type: 'GRID', priority: 'SPEAKER' } } });
});

after(async () => {
  await host?.stop();
  await rostrum?.stop();
});

const media = async (view = 'index') => {
  const url = view === 'index' ? hls.playbackHlsUrl : hls.livestreamUrl;
  return variantsOf((await get(url)).text, url);
};
const segmentsOf = (text) => text.match(/^s\d+\.m4s$/gm) ?? [];

test('a start tells where it can be watched, and everybody hears of it', async () => {
  for (const name of ['id', 'sessionId', 'roomId', 'links', 'playbackHlsUrl', 'livestreamUrl', 'downstreamUrl']) assert.ok(hls[name], name);
  assert.match(hls.playbackHlsUrl, /\/hls\/[0-9a-f]{24}-[\w-]{20,}\/index\.m3u8$/);
  assert.match(hls.livestreamUrl, /\/live\.m3u8$/);
  for (const status of ['HLS_STARTING', 'HLS_STARTED', 'HLS_PLAYABLE']) {
    const { data } = await watcher.next('hls-state-changed', (told) => told.status === status, { from: 0 });
    assert.equal(data.playbackHlsUrl, hls.playbackHlsUrl);
  }
  const active = await rostrum.ok('GET', `/v2/hls/${room}/active`);
  assert.equal(active.code, 200);
  assert.deepEqual([active.data.id, active.data.customRoomId, active.data.userMeetingId], [hls.id, null, null]);
  assert.equal((await rostrum.ok('GET', `/v2/hls?roomId=${room}`)).data.length, 1);
  assert.equal((await rostrum.call('POST', '/v2/hls/start', { roomId: room })).status, 409);
});

test('the playlists are valid by RFC 8216bis as they grow', async () => {
  const master = await get(hls.playbackHlsUrl);
  assert.equal(master.headers.get('content-type'), 'application/vnd.apple.mpegurl');
  assert.equal(master.headers.get('access-control-allow-origin'), '*');
  assert.deepEqual(await playlistErrors(master.text), []);
  assert.equal(variantsOf(master.text, hls.playbackHlsUrl).length, 3);
  for (const view of ['index', 'live']) {
    const [url] = await media(view);
    const versions = [(await get(url)).text];
    for (let i = 0; i < 8; i++) {
      const { msn, part } = nextPart(versions.at(-1));
      const next = await get(`${url}?_HLS_msn=${msn}&_HLS_part=${part}`);
      assert.equal(next.status, 200);
      assert.ok(next.text.includes(`s${msn}.${part}.m4s`), 'it waits for the part');
      versions.push(next.text);
    }
    assert.deepEqual(await playlistErrors(...versions), []);
  }
});

test('delta updates leave out what the player knows', async () => {
  const [url] = await media();
  await until('there is something to skip', async () => segmentsOf((await get(url)).text).length > 8, 25000);
  const { text } = await get(`${url}?_HLS_skip=YES`);
  assert.match(text, /#EXT-X-SKIP:SKIPPED-SEGMENTS=\d/);
  assert.deepEqual(await playlistErrors(text), []);
});

test('requests that cannot be fulfilled are refused as the RFC says', async () => {
  const [url] = await media();
  const { msn, part } = nextPart((await get(url)).text);
  for (const query of ['_HLS_msn=x', '_HLS_msn=-1', '_HLS_part=1', `_HLS_msn=${msn}&_HLS_part=x`, `_HLS_msn=${msn + 5}`, `_HLS_msn=${msn}&_HLS_part=${part + 60}`, '_HLS_msn=99999999999999999999', '_HLS_skip=no'])
    assert.equal((await get(`${url}?${query}`)).status, 400, query);
  const base = url.slice(0, url.lastIndexOf('/') + 1);
  for (const file of ['s999999.m4s', 's0.99.m4s', 'init7.mp4', 'vod.m3u8', 'journal', '..%2Fjournal', 's-1.m4s', 's1.m4s.tmp', 'x.m3u8']) {
    const missing = await get(base + file);
    assert.equal(missing.status, 404, file);
    assert.match(missing.headers.get('cache-control') ?? '', /max-age=1|^$/);
  }
  assert.equal((await get(hls.playbackHlsUrl.replace(/-[\w-]{8}/, '-AAAAAAAA'))).status, 404, 'the secret is checked');
  assert.equal((await get(hls.playbackHlsUrl.replace(/\/hls\/[^/]*/, `/hls/${hls.id}`))).status, 404);
});

test('caches are told what stays', async () => {
  const [url] = await media();
  const list = await get(url);
  assert.equal(list.headers.get('cache-control'), 'public, max-age=1');
  const base = url.slice(0, url.lastIndexOf('/') + 1);
  const { msn, part } = nextPart(list.text);
  const blocking = await get(`${url}?_HLS_msn=${msn}&_HLS_part=${part}`);
  assert.equal(blocking.headers.get('cache-control'), 'public, max-age=12');
  for (const file of ['init0.mp4', segmentsOf(list.text)[0], `s${msn}.${part}.m4s`]) {
    const { status, headers } = await get(base + file);
    assert.equal(status, 200, file);
    assert.match(headers.get('cache-control'), /max-age=31536000, immutable/);
    assert.equal(headers.get('access-control-allow-origin'), '*');
  }
  const range = await fetch(base + segmentsOf(list.text)[0], { headers: { range: 'bytes=0-99' } });
  assert.equal(range.status, 206);
  assert.equal((await range.arrayBuffer()).byteLength, 100);
  const whole = await fetch(url, { headers: { range: 'bytes=0-99' } });
  assert.equal(whole.status, 200, 'a playlist changes, so it has no ranges');
  assert.match(await whole.text(), /\n#EXT-X-PRELOAD-HINT[^]*\n$/);
});

test('a part that is hinted at is sent when it is there, and the parts of a segment are the segment', async () => {
  const [url] = await media();
  const base = url.slice(0, url.lastIndexOf('/') + 1);
  const { msn, part } = nextPart((await get(url)).text);
  const hinted = await within('the hinted part', fetch(`${base}s${msn}.${part}.m4s`));
  assert.equal(hinted.status, 200);
  assert.ok((await hinted.arrayBuffer()).byteLength > 100);
  await get(`${url}?_HLS_msn=${msn}`);
  const pieces = [];
  for (let i = 0; i < 6; i++) pieces.push(Buffer.from(await (await fetch(`${base}s${msn}.${i}.m4s`)).arrayBuffer()));
  const whole = Buffer.from(await (await fetch(`${base}s${msn}.m4s`)).arrayBuffer());
  assert.ok(Buffer.concat(pieces).equals(whole));
});

test('many players may wait at once', async () => {
  const [url] = await media();
  const { msn, part } = nextPart((await get(url)).text);
  const answers = await Promise.all(Array.from({ length: 200 }, () => get(`${url}?_HLS_msn=${msn}&_HLS_part=${part}`)));
  assert.ok(answers.every(({ status, text }) => status === 200 && text.includes(`s${msn}.${part}.m4s`)));
});

test('captures are pictures of the size that was asked for', async () => {
  for (const [format, more, width, height] of [
    ['jpg', {}, 1280, 720],
    ['png', { width: 640 }, 640, 360],
    ['webp', { width: 320, height: 180 }, 320, 180],
    ['jpg', { time: 1.5, height: 90 }, 160, 90],
  ]) {
    const made = await rostrum.ok('POST', '/v2/hls/capture', { roomId: room, format, ...more });
    assert.equal(made.message, 'captured thumbnail successfully');
    assert.deepEqual({ ...made.meta, createdAt: 0 }, { createdAt: 0, width, height, format });
    assert.equal(fs.statSync(made.filePath).size, made.fileSize);
    const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name,width,height', '-of', 'csv=p=0', made.filePath]);
    assert.equal(stdout.trim(), `${{ jpg: 'mjpeg', png: 'png', webp: 'webp' }[format]},${width},${height}`);
  }
  for (const body of [{ format: 'gif' }, { width: 3 }, { height: 'x' }, { time: -1 }, { time: 'x' }])
    assert.equal((await rostrum.call('POST', '/v2/hls/capture', { roomId: room, ...body })).status, 400, JSON.stringify(body));
  assert.equal((await rostrum.call('POST', '/v2/hls/capture', { roomId: room, time: 99999 })).status, 404);
});

test('the stream goes on when serve is killed, and with a discontinuity when the session process is', async () => {
  const [url] = await media();
  const before = await get(url);
  const origin = rostrum.url;
  const session = await rostrum.sessionPid();
  await rostrum.program.stop('SIGKILL');
  await rostrum.launch();
  const after = await until('the next serve has it', async () => {
    const list = await get(url.replace(origin, rostrum.url));
    return list.status === 200 && list;
  });
  assert.deepEqual(await playlistErrors(before.text, after.text), []);
  const { msn } = nextPart(after.text);
  const more = await until('it hears of more', async () => {
    const list = await get(`${url.replace(origin, rostrum.url)}?_HLS_msn=${msn + 1}&_HLS_part=0`);
    return list.status === 200 && list;
  });
  assert.deepEqual(await playlistErrors(after.text, more.text), []);
  hls = await rostrum.ok('GET', `/v2/hls/${hls.id}`);

  process.kill(session, 'SIGKILL');
  const resumed = await until(
    'it goes on',
    async () => {
      const list = await get((await media())[0]);
      return list.text.includes('#EXT-X-DISCONTINUITY\n') && list;
    },
    30000,
  );
  assert.deepEqual(await playlistErrors(more.text, resumed.text), []);
});

test('when it is over it can be watched as a whole, and deleted', async () => {
  await until('something after the discontinuity', async () => segmentsOf((await get((await media())[0])).text.split('#EXT-X-DISCONTINUITY\n')[1] ?? '').length > 1, 15000);
  assert.equal(await rostrum.ok('POST', '/v2/hls/end', { roomId: room }), 'HLS ended successfully');
  await until('it has stopped', async () => (await rostrum.ok('GET', `/v2/hls/${hls.id}`)).status === 'stopped', 15000);
  hls = await rostrum.ok('GET', `/v2/hls/${hls.id}`);
  assert.ok(hls.end);
  assert.ok(hls.duration > 10, String(hls.duration));
  assert.equal((await rostrum.call('GET', `/v2/hls/${room}/active`)).status, 404);
  for (const url of await media()) {
    const { text, headers } = await get(url);
    assert.match(text, /#EXT-X-ENDLIST\n$/);
    assert.equal(headers.get('cache-control'), 'public, max-age=60');
    assert.deepEqual(await playlistErrors(text), []);
    const { stderr } = await run('ffmpeg', ['-v', 'error', '-nostdin', '-xerror', '-i', url, '-f', 'null', '-'], { timeout: 60000 });
    assert.equal(stderr, '');
  }
  const [url] = await media();
  const directory = fs.readdirSync(`${rostrum.state}/hls/${room}`).flatMap((session) => fs.readdirSync(`${rostrum.state}/hls/${room}/${session}`));
  assert.deepEqual(directory, [hls.id]);
  assert.equal(await rostrum.ok('DELETE', `/v2/hls/${hls.id}`), 'Room Hls Recording deleted successfully !');
  assert.equal((await get(url)).status, 404);
  assert.equal((await rostrum.call('GET', `/v2/hls/${hls.id}`)).status, 404);
  await until('its files are gone', () => !fs.existsSync(`${rostrum.state}/hls/${room}/${hls.sessionId}/${hls.id}`));
});

test('it starts by itself where the room says so, and webhooks tell of its life in order', async () => {
  const receiver = await WebhookReceiver.start();
  try {
    const own = await rostrum.room({
      autoStartConfig: { hls: { config: { mode: 'audio' } } },
      webhook: { endPoint: receiver.url, events: ['hls-*'] },
    });
    const guest = await rostrum.testHost(own);
    const active = await until('it is active', async () => (await rostrum.call('GET', `/v2/hls/${own}/active`)).body?.data);
    assert.equal(active.mode, 'audio');
    const { data } = await receiver.next('hls-playable');
    assert.equal(data.playbackHlsUrl, active.playbackHlsUrl);
    assert.equal(data.livestreamUrl, active.livestreamUrl);
    await guest.stop();
    await rostrum.ok('POST', '/v2/sessions/end', { roomId: own });
    await receiver.next('hls-stopped');
    assert.deepEqual(receiver.types(), ['hls-starting', 'hls-started', 'hls-playable', 'hls-stopping', 'hls-stopped']);
    assert.match((await get(active.playbackHlsUrl)).text, /audio\/index\.m3u8/);
  } finally {
    await receiver.stop();
  }
});
