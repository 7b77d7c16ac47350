// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What this server has not: every method says 501 and why, none pretends.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { methodsOf } from './coverage.js';

export const kAbsent = ['transcription', 'socketIngress', 'sip', 'agents', 'batchcall', 'connectors', 'alertRules', 'incidents'];
export const kAbsentMethods = ['transcodings.hlsToMp4'];

/** Arguments of methods that look at them before they ask the server. */
const argumentsOf = (file) => ({
  'sip.calls.create': [{ callTo: '+15550100', roomId: 'r' }],
  'agents.dispatch': [{ roomId: 'r', agentId: 'a' }],
  'agents.connect': [{ roomId: 'r', agentId: 'a' }],
  'agents.generalDispatch': [{ roomId: 'r', versionId: 'v' }],
  'agents.deploy': [{ name: 'a', agentId: 'a', image: 'a/b' }],
  'batchcall.upload': [{ filePath: file }],
});

export function testAbsent(stage) {
  test('what is no part of this server answers 501 with words, whichever method asks', async () => {
    const sdk = stage().client({ maxRetries: 0 });
    const file = path.join(stage().rostrum.directory.path, 'numbers.csv');
    fs.writeFileSync(file, 'number\n+15550100\n');
    const special = argumentsOf(file);
    const methods = methodsOf(sdk).filter((name) => kAbsent.includes(name.split('.')[0]) || kAbsentMethods.includes(name));
    assert.ok(methods.length > 60, methods.join());
    for (const name of methods) {
      const method = name.split('.').reduce((value, part) => value[part], sdk);
      const error = await Promise.resolve(method(...(special[name] ?? ['one', 'two', {}]))).then(
        (result) => assert.fail(`${name} gave ${JSON.stringify(result)}`),
        (refusal) => refusal,
      );
      assert.equal(error.httpStatus, 501, `${name}: ${error.message}`);
      assert.match(error.message, /^this server does not have /, name);
      assert.deepEqual(Object.keys(error.details).sort(), ['code', 'message', 'requestId'], name);
      assert.deepEqual([error.details.code, error.details.requestId], [501, error.requestId], name);
    }
  });

  test('below those paths everything answers so, and nothing beside them', async () => {
    const { rostrum } = stage();
    const paths = ['/v2/sip', '/v2/sip/', '/v2/sip/call/x/y/z', '/v2/agent/dispatch', '/ai/v1/anything', '/v2/batch-calls/1', '/v2/connectors/1/rotate-key'];
    paths.push('/v2/ingest/sessions', '/v2/alertRules/metrics', '/v2/incidents/1/resolve', '/v2/transcriptions/1', '/v1/meetings');
    for (const route of paths)
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
        assert.equal((await rostrum.call(method, route, method === 'GET' ? undefined : {})).status, 501, `${method} ${route}`);
    for (const route of ['/v2/sipping', '/v2/agents', '/air', '/v3/sip']) assert.equal((await rostrum.call('GET', route)).status, 404, route);
  });
}
