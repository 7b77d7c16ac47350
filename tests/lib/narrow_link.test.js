// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NarrowLink, seededRandom } from './narrow_link.js';

const kBytes = 972; // 8000 bits with its headers: one millisecond at 8 Mbit/s

/** Pushes `count` datagrams at each of `times`, and runs the link every millisecond. @returns {[number, number][]} number, time */
function drive(link, times, { count = 1, until = 1000 } = {}) {
  const delivered = [];
  let number = 0;
  let now = 0;
  for (; now <= until; now++) {
    for (let i = 0; times.includes(now) && i < count; i++) {
      const mine = number++;
      link.push(now, kBytes, () => delivered.push([mine, now]));
    }
    link.run(now);
  }
  return delivered;
}

const link = (setup, seed = 1) => new NarrowLink(setup, seededRandom(seed));

test('without a limit everything passes at once, after the delay', () => {
  assert.deepEqual(drive(link({ delayMs: 20 }), [5], { count: 2 }), [
    [0, 25],
    [1, 25],
  ]);
});

test('the line takes one datagram after another', () => {
  const delivered = drive(link({ bitsPerSecond: 1_000_000 }), [0], { count: 4 });
  assert.deepEqual(
    delivered.map(([, at]) => at),
    [8, 16, 24, 32],
  );
});

test('an idle line does not save up', () => {
  const delivered = drive(link({ bitsPerSecond: 1_000_000 }), [0, 100], { count: 2 });
  assert.deepEqual(
    delivered.map(([, at]) => at),
    [8, 16, 108, 116],
  );
});

test('what would wait longer than the queue allows is dropped', () => {
  const narrow = link({ bitsPerSecond: 1_000_000, queueMs: 40 });
  const delivered = drive(narrow, [0], { count: 20 });
  assert.equal(delivered.length, 6); // the sixth finds 40 ms in front of it
  assert.deepEqual(delivered.at(-1), [5, 48]);
  const { droppedFull, datagrams, longestQueueMs } = narrow.takeCounters();
  assert.deepEqual({ droppedFull, datagrams, longestQueueMs }, { droppedFull: 14, datagrams: 6, longestQueueMs: 48 });
});

test('a new rate counts at once, also for what waits', () => {
  const narrow = link({ bitsPerSecond: 0 });
  narrow.push(0, kBytes, () => assert.fail('nothing gets through'));
  narrow.run(500);
  narrow.setup.bitsPerSecond = 8_000_000;
  let at = 0;
  narrow.push(500, kBytes, () => (at = 501));
  assert.equal(narrow.idle, false);
  assert.throws(() => narrow.run(501), /nothing gets through/);
  narrow.run(501);
  assert.equal(at, 501);
});

test('losses are the same for the same seed, and as many as were asked for', () => {
  const times = Array.from({ length: 1000 }, (_, i) => i);
  const once = drive(link({ loss: 0.1 }, 7), times);
  assert.deepEqual(drive(link({ loss: 0.1 }, 7), times), once);
  assert.notDeepEqual(drive(link({ loss: 0.1 }, 8), times), once);
  assert.ok(once.length > 850 && once.length < 950, `${once.length} of 1000`);
});
