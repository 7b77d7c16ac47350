// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// draft-ietf-wish-whep, where it says more than RFC 9725 (whip.test.js): raw HTTP and SDP.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { Rostrum } from '../lib/rostrum.js';
import { kPublishing, kWatching, sectionsOf, WhipWire } from '../lib/whip_wire.js';

let rostrum, room, wire;

before(async () => {
  rostrum = await Rostrum.start();
  room = await rostrum.room();
  wire = new WhipWire(rostrum.url, rostrum.viewerToken(room));
});
after(() => rostrum?.stop());

test('players know an endpoint by the type that HEAD and GET answer with', async () => {
  for (const route of [`/whep/${room}`, `/whep/${room}/ann`, `/v2/whep?roomId=${room}`, '/whep/none-such-room'])
    for (const method of ['HEAD', 'GET']) {
      const answer = await wire.send(method, route, { authorization: null });
      assert.equal(answer.status, 200, `${method} ${route}`);
      assert.equal(answer.headers.get('content-type'), 'application/sdp');
      assert.equal(answer.headers.get('content-length'), '0');
      assert.equal(answer.text, '');
    }
});

test('one MediaStream, sendonly, every section with the same msid', async () => {
  const { answer, location } = await wire.open(`/whep/${room}?participantId=vic`, kWatching);
  const sections = sectionsOf(answer);
  const streams = sections.map((section) => section.match(/^a=msid:(\S+) (\S+)\r$/m)?.slice(1));
  assert.equal(new Set(streams.map(([stream]) => stream)).size, 1);
  assert.equal(new Set(streams.map(([, track]) => track)).size, sections.length);
  for (const section of sections) assert.match(section, /^a=sendonly\r$/m);
  await wire.send('DELETE', location);
});

test('offers that receive nothing, or nothing that there is, are 406 without a counter-offer', async () => {
  for (const [sdp, message] of [
    [kPublishing, /receives nothing/],
    [kWatching.replaceAll('a=recvonly', 'a=inactive'), /receives nothing/],
    [kWatching.replaceAll(/a=rtpmap:(\d+) (VP8|H264|VP9|AV1|opus)\//g, 'a=rtpmap:$1 X-$2/'), /possible here/],
  ]) {
    const refused = await wire.offer(`/whep/${room}?participantId=vic`, sdp);
    assert.equal(refused.status, 406, refused.text);
    assert.equal(refused.headers.get('content-type'), 'application/json', 'a counter-offer would be application/sdp');
    assert.equal(refused.headers.get('location'), null);
    assert.match(refused.json.message, message);
  }
});

test('players that wait for an offer of ours are told that there is none', async () => {
  const refused = await wire.offer(`/whep/${room}?participantId=vic`, '');
  assert.equal(refused.status, 422);
  assert.match(refused.json.message, /answers offers and makes none/);
});

/** Follows Server-Sent Events. */
async function follow(url) {
  const abort = new AbortController();
  const headers = { authorization: `Bearer ${wire.token}`, accept: 'text/event-stream' };
  const response = await fetch(url, { headers, signal: abort.signal });
  const events = [];
  const reading = (async () => {
    let text = '';
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
      text += piece;
      for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
        const [, type, data] = text.slice(0, end).match(/^event: (.*)\ndata: (.*)$/) ?? [];
        if (type) events.push({ type, data: JSON.parse(data) });
      }
    }
  })();
  const over = reading.then(
    () => 'ended',
    () => 'broken',
  );
  return { status: response.status, type: response.headers.get('content-type'), events, over, stop: () => abort.abort() };
}

test('extension server-sent-events: told by Link, opened by POST, followed, closed by DELETE', { timeout: 60_000 }, async () => {
  const live = await rostrum.room();
  wire.token = rostrum.viewerToken(live);
  const { location, headers } = await wire.open(`/whep/${live}?participantId=vic`, kWatching);
  const link = headers.get('link');
  const [, url, offered] = link.match(/^<([^>]+)>; rel="urn:ietf:params:whep:ext:core:server-sent-events"; events="([^"]+)"$/);
  assert.equal(url, `${location}/events`);
  assert.deepEqual(offered.split(','), ['active', 'inactive', 'reconnect', 'viewercount']);
  const published = await new WhipWire(rostrum.url, rostrum.hostToken(live)).open(`/whip/${live}?participantId=ann`, kPublishing);
  assert.equal(published.headers.get('link'), null, 'it is of WHEP');

  const open = (types, more) => wire.send('POST', url, { type: 'application/json', body: JSON.stringify(types), ...more });
  for (const [types, message] of [
    [['layers'], /no others/],
    [['active', 7], /no others/],
    [{ active: true }, /JSON array/],
  ]) {
    const refused = await open(types);
    assert.equal(refused.status, 400);
    assert.match(refused.json.message, message);
  }
  assert.equal((await open(['active'], { authorization: null })).status, 401);
  assert.equal((await wire.send('POST', `${location}x/events`)).status, 404);

  const opened = await open(['viewercount', 'reconnect', 'active', 'inactive']);
  assert.equal(opened.status, 201);
  assert.equal(opened.text, '');
  const stream = opened.headers.get('location');
  assert.ok(stream.startsWith(`${url}/`));
  const followed = await follow(new URL(stream, rostrum.url));
  assert.equal(followed.status, 200);
  assert.match(followed.type, /^text\/event-stream/);
  const seen = (type) => followed.events.filter((event) => event.type === type).map(({ data }) => data);
  await until('the first count', () => seen('viewercount').some(({ viewercount }) => viewercount === 1));
  const other = await wire.open(`/whep/${live}?participantId=uma`, kWatching);
  await until('another count', () => seen('viewercount').at(-1).viewercount === 2);
  const host = await rostrum.testHost(live);
  await until('somebody publishes', () => seen('active').length === 1);
  await host.stop();
  await until('nobody publishes', () => seen('inactive').length === 1);

  const second = await open(['viewercount']);
  const quiet = await follow(new URL(second.headers.get('location'), rostrum.url));
  await until('its own first count', () => quiet.events.length === 1);
  assert.equal((await wire.send('DELETE', second.headers.get('location'))).status, 200);
  assert.equal(await quiet.over, 'ended');
  for (const method of ['GET', 'DELETE']) assert.equal((await wire.send(method, second.headers.get('location'))).status, 404);
  assert.ok(quiet.events.every(({ type }) => type === 'viewercount'), 'only what was asked for');
  for (let i = 0; i < 3; ++i) assert.equal((await open(['active'])).status, 201);
  assert.equal((await open(['active'])).status, 409, 'there is a limit');

  process.kill(await rostrum.sessionPid(other.location.match(/[0-9a-f]{24}/)[0]), 'SIGKILL');
  await until('players are told to come again', () => seen('reconnect').length === 1);
  assert.equal(await followed.over, 'ended');
  const again = await wire.open(`/whep/${live}?participantId=vic`, kWatching);
  const fresh = await wire.send('POST', `${again.location}/events`);
  assert.equal(fresh.status, 201, 'no body: all of them');
  assert.equal((await wire.send('DELETE', again.location)).status, 200);
  assert.equal((await wire.send('GET', fresh.headers.get('location'))).status, 404, 'it ends with its resource');
});

test('a feed or a session that is not there is 404', async () => {
  wire.token = rostrum.viewerToken(room);
  const nobody = await wire.offer(`/whep/${room}/nobody?participantId=vic`, kWatching);
  assert.equal(nobody.status, 404);
  assert.match(nobody.json.message, /no feed 'nobody'/);
  const empty = await rostrum.room();
  wire.token = rostrum.viewerToken(empty);
  assert.equal((await wire.offer(`/v2/whep?roomId=${empty}`, kWatching)).status, 404);
});
