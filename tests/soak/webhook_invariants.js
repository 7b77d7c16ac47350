// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What holds for the webhooks of a room, whatever was killed meanwhile.

import assert from 'node:assert/strict';

const kOutput = /^(recording|participant-recording|participant-track-recording|composite-recording|livestream|hls)-(.+)$/;
const kAfterTheEnd = /^recording-(processed|uploaded|upload-failed)$/; // of a file: it may take longer than the session

/** In the order of their first arrival; a repeat is the same, byte for byte. @param {object[]} received at one endpoint, of one room */
export function inOrder(received) {
  const first = new Map();
  for (const one of received) {
    assert.equal(one.id, one.headers['webhook-id']);
    const known = first.get(one.id);
    if (known) assert.equal(one.raw, known.raw, 'a repeat says the same');
    else first.set(one.id, one);
  }
  const events = [...first.values()];
  assert.deepEqual(
    events.map(({ sequence }) => sequence),
    events.map((_, index) => index + 1),
    'numbers without a gap, in order',
  );
  return events;
}

/** The steps of one output: it ends once for each time it started, and once in all if it never did. */
function checkOutput(id, steps) {
  const text = steps.map(({ step }) => step).join(' ');
  assert.equal(steps[0].step, 'starting', `${id}: ${text}`);
  let running = false;
  let starts = 0;
  let ends = 0;
  for (const { step, resumes } of steps.slice(1)) {
    if (step === 'started') {
      assert.ok(!running && (ends === 0 || steps.some((one) => one.resumes)), `${id} starts once: ${text}`);
      running = true;
      starts++;
    } else if (step === 'stopped' || step === 'failed') {
      assert.ok(running || starts === 0 || (resumes && !running), `${id} ends once: ${text}`);
      running = false;
      ends++;
    } else {
      assert.match(step, /^(stopping|playable|paused|resumed|processed|output-failed|uploaded|upload-failed)$/, `${id}: ${text}`);
    }
  }
  assert.ok(!running, `${id} ends: ${text}`);
  assert.equal(ends, Math.max(1, starts), `${id} ends once for each start: ${text}`);
}

/**
 * Checks the webhooks of one session, in order.
 * @returns {{stays: Map<string, number>, outputs: Map<string, {kind: string, steps: object[]}>}} what was told
 */
export function checkSession(events) {
  const types = events.map(({ type }) => type);
  const shown = types.join(' ');
  assert.equal(types[0], 'session-started', shown);
  for (const once of ['session-started', 'session-ended']) assert.equal(types.filter((type) => type === once).length, 1, `${once}: ${shown}`);
  for (const type of types.slice(types.indexOf('session-ended') + 1)) assert.match(type, kAfterTheEnd, `nothing after the end: ${shown}`);

  const stays = new Map();
  const present = new Set();
  const outputs = new Map();
  for (const { type, data } of events) {
    const who = data.participantId;
    const output = type.match(kOutput);
    if (type === 'participant-joined') {
      assert.ok(!present.has(who), `${who} joins once: ${shown}`);
      present.add(who);
      stays.set(who, (stays.get(who) ?? 0) + 1);
    } else if (type === 'participant-left') {
      assert.ok(present.delete(who), `${who} leaves once: ${shown}`);
    } else if (output) {
      if (!outputs.has(data.id)) outputs.set(data.id, { kind: output[1], steps: [] });
      outputs.get(data.id).steps.push({ step: output[2], resumes: data.resumes === true });
    }
  }
  assert.deepEqual([...present], [], `everybody left: ${shown}`);
  for (const [id, { kind, steps }] of outputs) checkOutput(`${kind} ${id}`, steps);
  return { stays, outputs };
}
