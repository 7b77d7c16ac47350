// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What was told is on disk: through kill -9 under load, and while the disk is full.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test, { after, before } from 'node:test';

import { until } from '../lib/deadline.js';
import { EventClient } from '../lib/events.js';
import { Rostrum } from '../lib/rostrum.js';

const kClients = 40;
const kRoomsBeforeKill = [400, 150]; // in two rounds

let rostrum;
before(async () => {
  rostrum = await Rostrum.start({ args: ['--empty-timeout', '1'] });
});
after(() => rostrum?.stop());

/** Creates rooms from many clients at once until the server is gone; the ids that were answered. */
async function createUntilKilled(enough) {
  const told = [];
  const client = async () => {
    try {
      for (;;) {
        told.push(await rostrum.room());
        if (told.length === enough) rostrum.program.child.kill('SIGKILL');
      }
    } catch (error) {
      if (told.length < enough) throw error;
    }
  };
  await Promise.all(Array.from({ length: kClients }, client));
  await rostrum.program.ended;
  return told;
}

async function allRooms() {
  const ids = new Set();
  for (let page = 1; ; page++) {
    const { data, pageInfo } = await rostrum.ok('GET', `/v2/rooms?perPage=100&page=${page}`);
    for (const { roomId } of data) ids.add(roomId);
    if (page >= pageInfo.lastPage) return ids;
  }
}

test('serve is killed while it creates rooms: every room that was answered is there', async () => {
  const told = [];
  for (const enough of kRoomsBeforeKill) {
    told.push(...(await createUntilKilled(enough)));
    await rostrum.launch();
    const stored = await allRooms();
    assert.deepEqual(
      told.filter((id) => !stored.has(id)),
      [],
    );
  }
});

/** No file of the server can grow beyond `bytes`. */
const limitFiles = (bytes) => execFileSync('prlimit', ['--pid', String(rostrum.pid), `--fsize=${bytes}:unlimited`]);
const metric = async (name) => Number((await rostrum.ok('GET', '/metrics')).match(new RegExp(`^${name} (\\S+)$`, 'm'))[1]);

test('while the disk is full nothing is lost, nothing is told that is not stored, and clients are told why', async () => {
  const room = await rostrum.room();
  const ann = await rostrum.events(room, { participantId: 'ann' });
  const ben = await rostrum.events(room, { participantId: 'ben' });
  await ann.next('participant-joined', ({ participantId }) => participantId === 'ben');

  limitFiles(1);
  const first = await rostrum.call('POST', '/v2/rooms', { customRoomId: 'kept' });
  assert.equal(first.status, 503);
  assert.equal(first.headers.get('retry-after'), '5');
  assert.match(first.body.message, /cannot write to its disk \(.+\)/);
  const second = await rostrum.call('POST', '/v2/rooms', { customRoomId: 'refused' });
  assert.equal(second.status, 503);
  const late = new EventClient(rostrum.url, room, { token: rostrum.hostToken(room), participantId: 'late' });
  assert.equal((await late.closed).code, 4503);
  assert.equal(late.messages[0].data.code, 503);

  assert.equal((await rostrum.call('GET', `/v2/rooms/${room}`)).status, 200);
  assert.equal((await rostrum.call('GET', '/v2/rooms/kept')).status, 404, 'what is not on disk is not told');
  assert.equal(await metric('rostrum_storage_fault'), 1);
  ben.socket.terminate();
  await until('ben is gone', async () => (await metric('rostrum_participants')) === 1);
  assert.ok(!ann.messages.some(({ event }) => event === 'participant-left'));

  limitFiles('unlimited');
  await ann.next('participant-left', ({ participantId }) => participantId === 'ben');
  assert.equal((await rostrum.call('GET', '/v2/rooms/kept')).status, 200);
  assert.equal((await rostrum.call('GET', '/v2/rooms/refused')).status, 404);
  assert.equal((await rostrum.call('POST', '/v2/rooms', { customRoomId: 'refused' })).status, 200);
  const { data } = await rostrum.ok('GET', `/v2/sessions/${ann.joined.sessionId}/participants`);
  assert.ok(data.participants.find(({ participantId }) => participantId === 'ben').timelog[0].end);
  assert.equal(await metric('rostrum_storage_fault'), 0);
});
