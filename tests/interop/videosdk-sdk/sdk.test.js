// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The official server SDK of VideoSDK, unchanged, with its `apiEndpoint` pointed at `rostrum serve`: every method of every
// resource, against a live session.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { kAbsent, kAbsentMethods, testAbsent } from './absent.js';
import { testClient } from './client.js';
import { methodsOf } from './coverage.js';
import { testErrors } from './errors.js';
import { testRecordings } from './recordings.js';
import { testResourcePool } from './resource_pool.js';
import { testRooms } from './rooms.js';
import { testEnd, testSessions } from './sessions.js';
import { Stage } from './stage.js';
import { testStreams } from './streams.js';
import { testWebhooks } from './webhooks.js';
import { testWhipWhep } from './whip_whep.js';

let opened;
before(async () => (opened = await Stage.open()));
after(() => opened?.close());
const stage = () => opened;

testRooms(stage);
testSessions(stage);
testRecordings(stage);
testStreams(stage);
testWhipWhep(stage);
testErrors(stage);
testResourcePool(stage);
testClient(stage);
testAbsent(stage);
testEnd(stage);
testWebhooks(stage);

test('no method of the SDK was left out', () => {
  for (const name of methodsOf(stage().sdk)) {
    const absent = kAbsent.includes(name.split('.')[0]) || kAbsentMethods.includes(name);
    const outcomes = stage().outcomes.get(name) ?? new Set();
    assert.ok(outcomes.has(absent ? '501' : 'done'), `${name}: ${[...outcomes].join() || 'never called'}`);
  }
});
