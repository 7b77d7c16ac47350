// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { Validator } from '@seriousme/openapi-schema-validator';

import { kBuild, Rostrum } from '../lib/rostrum.js';

let rostrum;
let document;

before(async () => {
  rostrum = await Rostrum.start();
  document = await rostrum.ok('GET', '/openapi.json');
});
after(() => rostrum?.stop());

/** [path, method, operation] of each. */
const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => method !== 'parameters')
      .map(([method, operation]) => [path, method, operation]),
  );

test('the document is OpenAPI 3.1', async () => {
  const result = await new Validator().validate(structuredClone(document));
  assert.ok(result.valid, JSON.stringify(result.errors, null, 2));
  assert.equal(document.openapi.slice(0, 4), '3.1.');
  assert.deepEqual(document.servers, [{ url: rostrum.url }]);
});

test('every route is described, and every description is a route', async () => {
  assert.deepEqual(
    operations()
      .filter(([, , operation]) => operation['x-undescribed'])
      .map(([path, method]) => `${method} ${path}`),
    [],
    'these need an entry in tools/rostrum/api/openapi/*.json',
  );
  for (const [path, item] of Object.entries(document.paths)) {
    const { headers } = await rostrum.call('OPTIONS', path.replaceAll(/\{\w+\}/g, 'x'));
    const allowed = headers.get('allow')?.toLowerCase().split(', ') ?? [];
    for (const method of Object.keys(item))
      assert.ok(method === 'parameters' || allowed.includes(method), `${method} ${path} is described but is not there: ${allowed}`);
  }
});

test('what wants a token says so', async () => {
  for (const [path, method, operation] of operations()) {
    const answer = await fetch(rostrum.url + path.replaceAll(/\{\w+\}/g, 'x'), { method: method.toUpperCase() });
    await answer.body?.cancel();
    const open = operation.security && (operation.security.length === 0 || operation.security.some((one) => Object.keys(one).length === 0));
    assert.equal(answer.status === 401, !open && method !== 'options', `${method} ${path}: ${answer.status}`);
  }
});

test('the document is not sent again to whoever has it', async () => {
  const { headers } = await rostrum.call('GET', '/openapi.json');
  const again = await fetch(`${rostrum.url}/openapi.json`, { headers: { 'if-none-match': headers.get('etag') } });
  assert.equal(again.status, 304);
});

test('docs/api.html shows this document', async () => {
  const built = fs.readFileSync(path.join(kBuild, 'tools/rostrum/api/openapi/api.html'), 'utf8');
  const kept = fs.readFileSync(path.resolve(import.meta.dirname, '../../docs/api.html'), 'utf8');
  assert.ok(kept === built, 'it is older than tools/rostrum/api/openapi/*.json: run `meson compile -C build api-html` and commit it');
  assert.ok((await (await fetch(`${rostrum.url}/docs`)).text()) === built);
});
