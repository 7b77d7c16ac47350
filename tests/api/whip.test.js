// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// RFC 9725, requirement by requirement, as far as they bind a server: raw HTTP and SDP. What WHEP shares with it runs for both.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { Rostrum } from '../lib/rostrum.js';
import { attribute, kFragment, kPublishing, kWatching, sectionsOf, trickle, WhipWire } from '../lib/whip_wire.js';

const kPwd = 'vw5LmwG4y/e6dPP/zAP9Gp5k';
const kEntityTag = /^"[!#-~]+"$/; // strong (RFC 9110 section 8.8.3)
let rostrum, room, wire, whip, whep;

before(async () => {
  rostrum = await Rostrum.start();
  room = await rostrum.room();
  wire = new WhipWire(rostrum.url, rostrum.hostToken(room));
  whip = { name: 'WHIP', endpoint: `/whip/${room}`, sdp: kPublishing, direction: 'recvonly' };
  whep = { name: 'WHEP', endpoint: `/whep/${room}`, sdp: kWatching, direction: 'sendonly' };
});
after(() => rostrum?.stop());

/** @param {{status: number, json: object|null, headers: Headers}} answer */
function checkRefusal(answer, status, message) {
  assert.equal(answer.status, status, answer.text);
  assert.ok(Number.isInteger(answer.json.code), answer.text);
  assert.match(answer.json.message, message);
  assert.equal(answer.json.requestId, answer.headers.get('x-request-id'));
}

test('4.1: GET of an endpoint or a session is 2xx without content', async () => {
  for (const { endpoint, sdp } of [whip, whep]) {
    const { location } = await wire.open(`${endpoint}?participantId=get`, sdp);
    for (const route of [endpoint, location]) {
      const got = await wire.send('GET', route);
      assert.ok(got.status >= 200 && got.status < 300, `${route} ${got.status}`);
      assert.equal(got.text, '');
    }
    assert.equal((await wire.send('GET', `${location}x`)).status, 404);
    assert.equal((await wire.send('GET', location, { authorization: null })).status, 401);
    await wire.send('DELETE', location);
  }
});

test('4.2: the answer, its type, its place and its entity tag', async () => {
  for (const { name, endpoint, sdp, direction } of [whip, whep]) {
    const { location, etag, answer, headers } = await wire.open(`${endpoint}?participantId=${name}`, sdp);
    assert.equal(headers.get('content-type'), 'application/sdp');
    assert.match(location, /^\/\S+$/);
    assert.match(etag, kEntityTag);
    assert.ok(headers.get('accept-patch').includes(kFragment));
    assert.equal(sectionsOf(answer).length, sectionsOf(sdp).length);
    for (const section of sectionsOf(answer)) {
      assert.match(section, new RegExp(`^a=${direction}\\r$`, 'm'), name);
      assert.match(section, /^a=rtcp-mux\r$/m);
      assert.match(section, /^a=rtcp-mux-only\r$/m, '4.4.1');
      assert.match(section, /^a=setup:passive\r$/m, '4.4.4');
    }
    assert.match(answer, /^a=group:BUNDLE 0 1\r$/m, '4.4.1');
    assert.match(answer, /^a=candidate:.* typ host\r$/m, '4.3.2: all candidates of the server are in the answer');
    assert.match(answer, /^a=end-of-candidates\r$/m);
    const other = await wire.open(`${endpoint}?participantId=${name}2`, sdp);
    assert.notEqual(other.location, location);
    assert.notEqual(other.etag, etag, 'no two ICE sessions share a tag');
    for (const one of [location, other.location]) await wire.send('DELETE', one);
  }
});

test('4.2: what is not an offer is refused, and nothing is left of it', async () => {
  const rows = [
    ['another type', 415, { type: 'application/json', body: '{}' }, /application\/sdp/],
    ['no type', 415, { body: Buffer.from(kPublishing) }, /application\/sdp/],
    ['an answer that may not be', 406, { type: 'application/sdp', body: kPublishing, accept: 'application/json' }, /Accept/],
    ['nothing', 422, { type: 'application/sdp', body: '' }, /offer/],
    ['no SDP', 400, { type: 'application/sdp', body: 'hello' }, /SDP/],
    ['SDP without sections', 400, { type: 'application/sdp', body: 'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n' }, /./],
    ['no BUNDLE', 400, { type: 'application/sdp', body: kPublishing.replace(/a=group:BUNDLE.*\r\n/, '') }, /BUNDLE/],
    ['no rtcp-mux', 400, { type: 'application/sdp', body: kPublishing.replaceAll('a=rtcp-mux\r\n', '') }, /rtcp-mux/],
    ['no fingerprint', 400, { type: 'application/sdp', body: kPublishing.replaceAll(/a=fingerprint.*\r\n/g, '') }, /fingerprint/],
  ];
  for (const { endpoint } of [whip, whep])
    for (const [name, status, request, message] of rows) {
      const refused = await wire.send('POST', `${endpoint}?participantId=none`, request);
      checkRefusal(refused, status, message);
      assert.equal(refused.headers.get('location'), null, name);
    }
  const present = await rostrum.ok('GET', `/v2/sessions?roomId=${room}`);
  const people = present.data.flatMap(({ participants }) => participants);
  assert.ok(!people.some(({ participantId, timelog }) => participantId === 'none' && !timelog[0].end));
});

test('4.2, 4.4: a publish is taken whole or not at all', async () => {
  const video = sectionsOf(kPublishing)[1].replace('a=mid:1', 'a=mid:2');
  const rows = [
    ['receives', 406, kPublishing.replaceAll('a=sendonly', 'a=recvonly'), /sends nothing/],
    ['a section that receives', 422, kPublishing.replace('a=sendonly', 'a=recvonly'), /sendonly/],
    ['a section that is inactive', 422, kPublishing.replace('a=sendonly', 'a=inactive'), /sendonly/],
    ['two pictures', 422, kPublishing.replace('BUNDLE 0 1', 'BUNDLE 0 1 2') + video, /more video/],
    ['sound in a codec that is not ours', 422, kPublishing.replaceAll('opus/48000/2', 'speex/16000'), /audio as opus/],
  ];
  for (const [name, status, sdp, message] of rows) {
    assert.notEqual(sdp, kPublishing, name);
    checkRefusal(await wire.offer(`${whip.endpoint}?participantId=half`, sdp), status, message);
  }
  const sendrecv = await wire.open(`${whip.endpoint}?participantId=both`, kPublishing.replaceAll('a=sendonly', 'a=sendrecv'));
  for (const section of sectionsOf(sendrecv.answer)) assert.match(section, /^a=recvonly\r$/m);
  await wire.send('DELETE', sendrecv.location);
});

test('4.4.4: the DTLS role follows the offer', async () => {
  for (const [setup, role] of [
    ['active', 'passive'],
    ['passive', 'active'],
  ]) {
    const sdp = kPublishing.replaceAll('a=setup:actpass', `a=setup:${setup}`);
    const { answer, location } = await wire.open(`${whip.endpoint}?participantId=dtls`, sdp);
    assert.equal(attribute(answer, 'setup'), role);
    await wire.send('DELETE', location);
  }
});

test('4.3.1: PATCH without or with another entity tag, of another type, malformed', async () => {
  for (const { endpoint, sdp } of [whip, whep]) {
    const { location, etag } = await wire.open(`${endpoint}?participantId=patch`, sdp);
    const fragment = trickle(attribute(sdp, 'ice-ufrag'), attribute(sdp, 'ice-pwd'));
    checkRefusal(await wire.patch(location, fragment), 428, /If-Match/);
    checkRefusal(await wire.patch(location, fragment, '"another"'), 412, /over/);
    checkRefusal(await wire.patch(location, fragment, `W/${etag}`), 412, /over/);
    const refused = await wire.patch(location, fragment, etag, 'application/sdp');
    checkRefusal(refused, 415, /trickle-ice-sdpfrag/);
    assert.ok(refused.headers.get('accept-patch')?.includes(kFragment));
    checkRefusal(await wire.patch(location, '', etag), 400, /empty/);
    checkRefusal(await wire.patch(location, 'hello', etag), 400, /fragment/);
    checkRefusal(await wire.patch(location, 'a=ice-ufrag:abcd\r\n', '*'), 400, /ice-pwd/);
    checkRefusal(await wire.patch(`${location}x`, fragment, etag), 404, /resource/);
    checkRefusal(await wire.send('PATCH', location, { authorization: null, type: kFragment, body: fragment }), 401, /token/i);
    assert.equal((await wire.patch(location, fragment, etag)).status, 204, 'none of it ended the session');
    await wire.send('DELETE', location);
  }
});

test('4.3.2, 4.3.3: candidates are 204 without a tag; new credentials are a restart with a new tag', async () => {
  for (const { endpoint, sdp } of [whip, whep]) {
    const { location, etag, answer } = await wire.open(`${endpoint}?participantId=ice`, sdp);
    const before = trickle(attribute(sdp, 'ice-ufrag'), attribute(sdp, 'ice-pwd'));
    for (const tag of [etag, '*', `"x", ${etag}`]) {
      const trickled = await wire.patch(location, before, tag);
      assert.deepEqual([trickled.status, trickled.text, trickled.headers.get('etag')], [204, '', null], tag);
    }

    const restarted = await wire.patch(location, trickle('ysXw', kPwd), '*');
    assert.equal(restarted.status, 200, restarted.text);
    assert.equal(restarted.headers.get('content-type'), kFragment);
    const second = restarted.headers.get('etag');
    assert.match(second, kEntityTag);
    assert.notEqual(second, etag);
    assert.notEqual(attribute(restarted.text, 'ice-ufrag'), attribute(answer, 'ice-ufrag'));
    assert.notEqual(attribute(restarted.text, 'ice-pwd'), attribute(answer, 'ice-pwd'));
    assert.match(restarted.text, /^a=candidate:.* typ host\r$/m);
    for (const name of ['ice-lite', 'ice-options', 'ice-pacing'])
      assert.equal(attribute(restarted.text, name), attribute(answer, name), `${name} is what the answer said`);

    assert.equal((await wire.patch(location, before, etag)).status, 412, 'a candidate of before that comes late');
    assert.equal((await wire.patch(location, trickle('ysXw', kPwd), second)).status, 204);
    assert.equal((await wire.patch(location, trickle('ysXw', kPwd), '*')).status, 204, 'the same credentials restart nothing');
    const third = await wire.patch(location, trickle('zzXw', kPwd), second);
    assert.equal(third.status, 200, 'new credentials are a restart whatever If-Match says');
    const quoted = await wire.patch(location, trickle('qqXw', kPwd), '"*"');
    assert.equal(quoted.status, 200, 'as the example of RFC 9725 has it');
    assert.equal(new Set([etag, second, third.headers.get('etag'), quoted.headers.get('etag')]).size, 4);
    await wire.send('DELETE', location);
  }
});

test('4.3.1: the entity tag outlives the server', async () => {
  const { location, etag } = await wire.open(`${whip.endpoint}?participantId=stays`, kPublishing);
  const fragment = trickle(attribute(kPublishing, 'ice-ufrag'), attribute(kPublishing, 'ice-pwd'));
  const restarted = await wire.patch(location, trickle('ysXw', kPwd), '*');
  const second = restarted.headers.get('etag');
  await rostrum.program.stop('SIGKILL');
  await rostrum.launch();
  wire.server = rostrum.url;
  await until('the session is taken up again', async () => (await wire.send('GET', location)).status === 204);
  assert.equal((await wire.patch(location, fragment, etag)).status, 412);
  assert.equal((await wire.patch(location, trickle('ysXw', kPwd), second)).status, 204);
  assert.equal((await wire.send('DELETE', location)).status, 200);
});

test('4.2: DELETE ends the session, whatever tag comes with it', async () => {
  for (const { endpoint, sdp } of [whip, whep]) {
    const { location } = await wire.open(`${endpoint}?participantId=gone`, sdp);
    assert.equal((await wire.send('DELETE', location, { 'if-match': '"another"' })).status, 200);
    for (const method of ['DELETE', 'GET']) assert.equal((await wire.send(method, location)).status, 404, method);
    assert.equal((await wire.patch(location, trickle('ysXw', kPwd), '*')).status, 404);
  }
});

test('4.2: OPTIONS and CORS', async () => {
  const { location } = await wire.open(`${whip.endpoint}?participantId=cors`, kPublishing);
  const preflight = (route, method, wanted) =>
    wire.send('OPTIONS', route, {
      authorization: null,
      origin: 'https://app.example',
      'access-control-request-method': method,
      'access-control-request-headers': wanted,
    });
  const listed = (answer, name) =>
    answer.headers
      .get(name)
      .toLowerCase()
      .split(/\s*,\s*/);
  for (const [route, method, wanted] of [
    [whip.endpoint, 'POST', ['authorization', 'content-type']],
    [whep.endpoint, 'POST', ['authorization', 'content-type']],
    [location, 'PATCH', ['authorization', 'content-type', 'if-match']],
    [location, 'DELETE', ['authorization']],
  ]) {
    const answer = await preflight(route, method, wanted.join(','));
    assert.equal(answer.status, 200);
    assert.equal(answer.text, '');
    assert.equal(answer.headers.get('access-control-allow-origin'), '*');
    assert.ok(listed(answer, 'access-control-allow-methods').includes(method.toLowerCase()), method);
    for (const header of wanted) assert.ok(listed(answer, 'access-control-allow-headers').includes(header), header);
    assert.equal(answer.headers.get('link'), null, '4.6: a preflight is not told of servers');
    if (method === 'POST') assert.equal(answer.headers.get('accept-post'), 'application/sdp');
    else assert.ok(answer.headers.get('accept-patch').includes(kFragment));
  }
  const answered = await wire.offer(`${whip.endpoint}?participantId=cors`, kPublishing, { origin: 'https://app.example' });
  for (const name of ['location', 'etag', 'link', 'accept-patch', 'retry-after', 'www-authenticate'])
    assert.ok(listed(answered, 'access-control-expose-headers').includes(name), name);
  await wire.send('DELETE', answered.headers.get('location'));
});

test('methods that are not there say which are', async () => {
  const { location } = await wire.open(`${whip.endpoint}?participantId=methods`, kPublishing);
  for (const [method, route, allowed] of [
    ['PUT', whip.endpoint, 'GET, HEAD, OPTIONS, POST'],
    ['DELETE', whep.endpoint, 'GET, HEAD, OPTIONS, POST'],
    ['POST', location, 'DELETE, GET, HEAD, OPTIONS, PATCH'],
  ]) {
    const refused = await wire.send(method, route);
    checkRefusal(refused, 405, /./);
    assert.equal(refused.headers.get('allow'), allowed);
  }
  await wire.send('DELETE', location);
});

test('4.7: bearer tokens (RFC 6750)', async () => {
  const post = (authorization, endpoint = whip.endpoint) => wire.offer(endpoint, kPublishing, { authorization });
  const none = await post(null);
  checkRefusal(none, 401, /./);
  assert.equal(none.headers.get('www-authenticate'), 'Bearer realm="rostrum"');
  const wrong = await post('Bearer nonsense');
  checkRefusal(wrong, 401, /./);
  assert.match(wrong.headers.get('www-authenticate'), /^Bearer realm="rostrum", error="invalid_token", error_description="[^"]+"$/);
  const viewer = await post(`Bearer ${rostrum.viewerToken(room)}`);
  checkRefusal(viewer, 403, /RECV_ONLY/);
  assert.match(viewer.headers.get('www-authenticate'), /error="insufficient_scope"/);
  for (const scheme of ['Bearer ', 'bearer ', '']) {
    const taken = await post(`${scheme}${wire.token}`, `${whip.endpoint}?participantId=scheme`);
    assert.equal(taken.status, 201, `"${scheme}"`);
    await wire.send('DELETE', taken.headers.get('location'));
  }
});

test("resources as VideoSDK's SDK names them know no entity tags", async () => {
  const sdp = kPublishing;
  const { location } = await wire.open(`/v2/whip?roomId=${room}&participantId=sdk`, sdp);
  const session = location.match(/^\/v2\/whip\/sessions\/([0-9a-f]{24})-/)[1];
  const resource = `/v2/whip/sessions/${session}?participantId=sdk`;
  const fragment = trickle(attribute(sdp, 'ice-ufrag'), attribute(sdp, 'ice-pwd'));
  assert.equal((await wire.patch(resource, fragment)).status, 204);
  assert.equal((await wire.patch(resource, fragment, '"another"')).status, 412);
  assert.equal((await wire.send('DELETE', resource)).status, 200);
  assert.equal((await wire.send('DELETE', resource)).status, 404);
});

test("a viewer's token does not end or change somebody else by name", async () => {
  const { location } = await wire.open(`/whip/${room}?participantId=star`, kPublishing);
  const resource = `${location.slice(0, location.lastIndexOf('-'))}?participantId=star`;
  const fragment = trickle(attribute(kPublishing, 'ice-ufrag'), attribute(kPublishing, 'ice-pwd'));
  const viewer = new WhipWire(rostrum.url, rostrum.viewerToken(room));
  for (const refused of [await viewer.send('DELETE', resource), await viewer.send('GET', resource), await viewer.patch(resource, fragment)]) {
    checkRefusal(refused, 403, /by its participant/);
    assert.equal(refused.json.code, 4023);
  }
  assert.equal((await wire.send('GET', location)).status, 204);
  const own = new WhipWire(rostrum.url, rostrum.viewerToken(room, { participantId: 'star' }));
  assert.equal((await own.send('DELETE', resource)).status, 200);
});
