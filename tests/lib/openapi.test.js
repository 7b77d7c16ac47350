// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The judge of all conversations: it has to see what is wrong.

import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';

import { OpenApi } from './openapi.js';

const kBuild = process.env.ROSTRUM_BUILD_DIR ?? path.resolve(import.meta.dirname, '../../build');
const api = OpenApi.read(path.join(kBuild, 'tools/rostrum/api/openapi/openapi.json'));

const kRoom = {
  roomId: 'abcd-efgh-ijkl',
  customRoomId: null,
  userId: 'key',
  disabled: false,
  createdAt: '2024-05-24T12:00:00.000Z',
  updatedAt: '2024-05-24T12:00:00.000Z',
  id: '6650a1b2c3d4e5f601234567',
  links: { get_room: 'http://x/v2/rooms/abcd-efgh-ijkl', get_session: 'http://x/v2/sessions?roomId=abcd-efgh-ijkl' },
};
const kError = { code: 404, message: 'there is nothing at this path', requestId: '0123456789abcdef' };

/** What is wrong when `method path` is answered so. */
function faults(method, target, { sent, status = 200, headers = {}, body = '', type = 'application/json' } = {}) {
  const request = { method, url: new URL(target, 'http://x'), headers: new Headers(sent ? { 'content-type': 'application/json' } : {}) };
  const all = new Headers({ ...(type && { 'content-type': type }), 'x-request-id': '0123456789abcdef', ...headers });
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return api.faults({ ...request, body: sent ? JSON.stringify(sent) : '' }, { status, headers: all, body: text }).join('\n');
}

test('what is as described passes', () => {
  assert.equal(faults('POST', '/v2/rooms', { sent: { customRoomId: 'mine' }, body: kRoom }), '');
  assert.equal(faults('GET', '/v2/rooms/validate/mine/', { body: kRoom }), '');
  assert.equal(faults('HEAD', '/v2/rooms/mine', {}), '');
  assert.equal(faults('GET', '/nowhere', { status: 404, body: kError }), '');
  assert.equal(faults('PUT', '/v2/rooms', { status: 405, headers: { allow: 'GET' }, body: { ...kError, code: 405 } }), '');
  assert.equal(faults('POST', '/v2/rooms', { sent: { customRoomId: 7 }, status: 400, body: { ...kError, code: 400 } }), '');
  assert.equal(faults('GET', '/assets/rostrum/api.js', { status: 404, body: kError }), '');
});

for (const [name, wanted, ...exchange] of [
  ['a member that is not described', /unevaluated.*"extra"/, 'GET', '/v2/rooms/validate/x', { body: { ...kRoom, extra: 1 } }],
  ['a member that is missing', /required property 'links'/, 'GET', '/v2/rooms/validate/x', { body: { ...kRoom, links: undefined } }],
  ['a time of another form', /createdAt/, 'GET', '/v2/rooms/validate/x', { body: { ...kRoom, createdAt: '2024-05-24' } }],
  ['a status that is not described', /status is not described/, 'GET', '/v2/rooms/validate/x', { status: 201, body: kRoom }],
  ['a code of no table', /\/code/, 'GET', '/v2/rooms/validate/x', { status: 404, body: { ...kError, code: 4999 } }],
  ['a content type', /content type text\/plain/, 'GET', '/v2/rooms/validate/x', { type: 'text/plain', body: 'x' }],
  ['no JSON', /no JSON/, 'GET', '/v2/rooms/validate/x', { body: '{' }],
  ['a header that is not described', /header x-more/, 'GET', '/v2/rooms/validate/x', { headers: { 'x-more': '1' }, body: kRoom }],
  ['a header that is not as described', /header x-request-id/, 'GET', '/v2/rooms/validate/x', { headers: { 'x-request-id': 'X' }, body: kRoom }],
  ['a header that is missing', /header ETag is missing/, 'GET', '/openapi.json', { headers: { 'cache-control': 'no-cache' }, body: api.document }],
  ['a body where there is none', /where none is described/, 'PATCH', '/v2/whip/sessions/x', { status: 204, body: 'x' }],
  ['a path that is not described', /path is not described/, 'GET', '/nowhere', { body: kRoom }],
  ['a method that is not described', /method is not described/, 'PUT', '/v2/rooms', { body: kRoom }],
  ['a query parameter that was taken', /query parameter colour/, 'GET', '/v2/rooms/validate/x?colour=red', { body: kRoom }],
  ['a query parameter out of its limits', /query perPage/, 'GET', '/v2/sessions?perPage=1000', { body: { pageInfo: {}, data: [] } }],
  ['a path parameter', /path participantId/, 'GET', '/v2/sessions/x/participants/a%20b', { body: {} }],
  ['a sent member that was taken', /the request.*"colour"/, 'POST', '/v2/rooms', { sent: { colour: 'red' }, body: kRoom }],
  ['a sent value that was taken', /the request\/customRoomId/, 'POST', '/v2/rooms', { sent: { customRoomId: 7 }, body: kRoom }],
  ['no OPTIONS', /OPTIONS answers 204/, 'OPTIONS', '/v2/rooms', { status: 200 }],
])
  test(`it sees ${name}`, () => {
    assert.match(faults(...exchange), wanted);
  });

test('it sees what is wrong with webhooks', () => {
  const data = { meetingId: kRoom.roomId, sessionId: kRoom.id, start: kRoom.createdAt };
  const headers = { 'webhook-sequence': '1', 'webhook-attempt': '1', 'webhook-id': 'msg_1', 'webhook-timestamp': '1', 'webhook-signature': 'v1,x', 'videosdk-signature': 'x' };
  const id = 'msg_0123456789abcdef0123456789abcdef';
  const good = { webhookType: 'session-started', data, id, sequence: 1, timestamp: kRoom.createdAt };
  assert.deepEqual(api.webhookFaults('session-started', good, headers), []);
  assert.match(api.webhookFaults('session-begun', good, headers)[0], /is not described/);
  assert.match(api.webhookFaults('session-started', good, { ...headers, 'webhook-id': undefined })[0], /webhook-id is missing/);
  assert.match(api.webhookFaults('session-started', { ...good, data: { ...data, more: 1 } }, headers)[0], /"more"/);
});

test('it sees what is wrong with events', () => {
  const good = { event: 'program-changed', seq: 1, timestamp: 1, data: { mode: 'composed' } };
  assert.deepEqual(api.eventFaults(good), []);
  assert.match(api.eventFaults({ ...good, event: 'program-exchanged' })[0], /not described/);
  assert.match(api.eventFaults({ ...good, data: { mode: 'odd' } })[0], /data\/mode/);
  assert.match(api.eventFaults({ ...good, more: 1 })[0], /"more"/);
});
