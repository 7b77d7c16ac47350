// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Every operation that /openapi.json describes, asked wrongly in every way that there is: what refuses says so in one shape.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { Rostrum } from '../lib/rostrum.js';

const plainFetch = globalThis.fetch; // what is asked wrongly on purpose, and answered, is not held against the document
const kMethods = ['get', 'put', 'post', 'delete', 'patch'];

let rostrum;
let operations; // {method, path, operation}

before(async () => {
  rostrum = await Rostrum.start();
  const { paths, security } = await rostrum.ok('GET', '/openapi.json');
  operations = Object.entries(paths).flatMap(([path, item]) =>
    kMethods.filter((method) => item[method]).map((method) => ({ method: method.toUpperCase(), path, operation: { security, ...item[method] } })),
  );
});
after(() => rostrum?.stop());

/** `id`: for each variable of a path. `by`: fetch, or what is not judged. */
async function ask({ method, path }, { id = 'nope', token = rostrum.token(), type = 'application/json', body, by = fetch } = {}) {
  const route = path.replace(/\{\w+\}/g, id);
  const headers = { ...(token && { authorization: token }), ...(body !== undefined && { 'content-type': type }) };
  const response = await by(rostrum.url + route, { method, headers, body, redirect: 'manual' });
  return { what: `${method} ${route}`, status: response.status, headers: response.headers, text: await response.text() };
}

/** @returns {object} the body of a refusal */
function refusal({ what, status, headers, text }) {
  assert.match(headers.get('content-type') ?? '', /^application\/json/, `${what}: ${status} ${text.slice(0, 200)}`);
  const body = JSON.parse(text);
  assert.deepEqual(Object.keys(body), ['code', 'message', 'requestId'], what);
  assert.ok(Number.isInteger(body.code) && body.code >= 400, `${what}: ${body.code}`);
  assert.ok(body.message.length > 5 && !/\bstd::|SQL/.test(body.message), `${what}: ${body.message}`);
  assert.equal(body.requestId, headers.get('x-request-id'), what);
  return body;
}

/** {} among the schemes: it also goes without. */
const needsToken = ({ operation: { security } }) => security.some((one) => 'token' in one) && security.every((one) => Object.keys(one).length);
const takesJson = ({ operation }) => operation.requestBody?.content['application/json'] && Object.keys(operation.requestBody.content).length === 1;

test('there are operations to walk', () => {
  assert.ok(operations.length > 70, `${operations.length}`);
  assert.ok(operations.filter(needsToken).length > 60);
});

test('without a token that holds: 401', async () => {
  const { key } = rostrum.credentials;
  const tokens = { none: '', garbage: 'nonsense', expired: rostrum.token({ exp: 1 }), stranger: rostrum.token({ apikey: `${key}x` }) };
  for (const operation of operations.filter(needsToken))
    for (const [name, token] of Object.entries(tokens)) {
      const [type] = Object.keys(operation.operation.requestBody?.content ?? {});
      const answer = await ask(operation, { token, type, body: type && (type === 'application/json' ? '{}' : 'v=0\r\n') });
      assert.equal(answer.status, 401, `${answer.what} with ${name}: ${answer.text}`);
      assert.ok([4001, 4002].includes(refusal(answer).code), answer.what);
    }
});

test('with ids that name nothing', async () => {
  for (const operation of operations.filter(needsToken))
    for (const id of ['nope', '0'.repeat(24), '%00', '..%2f..', 'x'.repeat(2000), '%f0%9f%8e%ac']) {
      const answer = await ask(operation, { id, body: takesJson(operation) ? '{}' : undefined });
      assert.notEqual(answer.status, 500, `${answer.what}: ${answer.text}`);
      if (answer.status >= 400) refusal(answer);
      else if (operation.path.includes('{')) assert.fail(`${answer.what}: ${answer.status}`);
    }
});

test('with bodies that are none', async () => {
  const room = await rostrum.room();
  const bodies = ['[]', '{"roomId":', 'null', '"text"', '\u0000', `{"roomId":${'['.repeat(5000)}`, JSON.stringify({ roomId: 7, sessionId: [], id: {}, ids: 'x', outputs: {} })];
  for (const operation of operations.filter((one) => needsToken(one) && takesJson(one))) {
    for (const body of bodies) {
      const answer = await ask(operation, { id: room, body, by: plainFetch });
      assert.notEqual(answer.status, 500, `${answer.what} ${body.slice(0, 40)}: ${answer.text}`);
      if (answer.status >= 400) refusal(answer);
    }
    const form = await ask(operation, { id: room, by: plainFetch, type: 'application/x-www-form-urlencoded', body: 'a=b' });
    assert.ok([404, 415].includes(form.status), `${form.what}: ${form.status}`);
    refusal(form);
  }
});

test('with methods that it does not take: 405 and which it takes', async () => {
  for (const path of new Set(operations.map((one) => one.path))) {
    const taken = operations.filter((one) => one.path === path).map((one) => one.method);
    for (const method of ['PUT', 'DELETE', 'POST', 'PATCH'].filter((one) => !taken.includes(one))) {
      const answer = await ask({ method, path }, { body: method === 'DELETE' ? undefined : '{}', by: plainFetch });
      if (answer.status === 501) continue; // something that this server has not
      if (![404, 405].includes(answer.status)) continue; // a variable of another path takes this segment
      refusal(answer);
      if (answer.status === 405) for (const one of taken) assert.ok(answer.headers.get('allow').includes(one), answer.what);
    }
  }
});
