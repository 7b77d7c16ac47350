// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test from 'node:test';

import { Backoff } from '../../tools/web/assets/rostrum/backoff.js';
import { iceServersOf } from '../../tools/web/assets/rostrum/ice_servers.js';
import { publishCodecs } from '../../tools/web/assets/rostrum/peer.js';
import { emptyRoom, hostsOf, reduce, viewersOf } from '../../tools/web/assets/rostrum/room.js';

const play = (...messages) => messages.reduce((room, [event, data, timestamp]) => reduce(room, { event, data, timestamp }), emptyRoom());
const joined = (data = {}) => ['meeting-joined', { sessionId: 's', participantId: 'me', participants: [], ...data }];
const output = (state) => ({ id: 'l-0', url: 'rtmp://a/live', state });

test('the room after events', () => {
  const host = { participantId: 'ann', name: 'Ann', mode: 'SEND_AND_RECV' };
  const rows = [
    ['nothing yet', play(), (room) => [room.program.mode, room.ended], ['empty', null]],
    [
      'late joiner',
      play(joined({ participants: [{ ...host, feeds: ['ann'] }], recordingState: 'RECORDING_STARTED', program: { mode: 'composed' } })),
      (room) => [hostsOf(room)[0].feeds, room.recordingState, room.program.mode],
      [['ann'], 'RECORDING_STARTED', 'composed'],
    ],
    [
      'host joins and sends',
      play(joined(), ['participant-joined', host], ['stream-enabled', { participantId: 'ann', kind: 'video', feed: 'ann' }]),
      (room) => room.participants.ann,
      { ...host, feeds: ['ann'], kinds: ['video'], marks: { hand: false, mic: true, camera: true } },
    ],
    [
      'a raised hand stays up when the name changes, and is gone with its owner',
      play(
        joined({ participants: [host] }),
        ['participant-marks-changed', { participantId: 'ann', hand: true, mic: false, camera: true }],
        ['participant-joined', { ...host, name: 'Ann L.' }],
        ['participant-marks-changed', { participantId: 'gone', hand: true, mic: true, camera: true }],
      ),
      (room) => [room.participants.ann.marks, Object.keys(room.participants)],
      [{ hand: true, mic: false, camera: true }, ['ann']],
    ],
    [
      'the feed goes with its last kind',
      play(
        joined({ participants: [host] }),
        ['stream-enabled', { participantId: 'ann', kind: 'video', feed: 'ann' }],
        ['stream-enabled', { participantId: 'ann', kind: 'audio', feed: 'ann' }],
        ['stream-disabled', { participantId: 'ann', kind: 'video', feed: 'ann' }],
      ),
      (room) => [room.participants.ann.kinds, room.participants.ann.feeds],
      [['audio'], ['ann']],
    ],
    [
      'stream-disabled of somebody who left',
      play(joined(), ['participant-left', { participantId: 'ann' }], ['stream-disabled', { participantId: 'ann', kind: 'video' }]),
      (room) => Object.keys(room.participants),
      [],
    ],
    [
      'viewers are counted apart',
      play(joined({ participants: [host, { participantId: 'v', mode: 'RECV_ONLY' }, { participantId: 'x', mode: 'SIGNALLING_ONLY' }] })),
      (room) => [hostsOf(room).length, viewersOf(room).length],
      [1, 1],
    ],
    [
      'an output retries',
      play(
        joined(),
        ['livestream-state-changed', { status: 'LIVESTREAM_STARTED', id: 'l', outputs: [output('live')] }],
        ['livestream-state-changed', { status: 'LIVESTREAM_STARTED', id: 'l', outputs: [output('retrying')] }],
      ),
      (room) => [room.livestreamState, room.livestreams],
      ['LIVESTREAM_STARTED', [{ id: 'l', outputs: [output('retrying')] }]],
    ],
    [
      'one of two livestreams stops',
      play(
        joined(),
        ['livestream-state-changed', { status: 'LIVESTREAM_STARTED', id: 'a', outputs: [] }],
        ['livestream-state-changed', { status: 'LIVESTREAM_STARTED', id: 'b', outputs: [] }],
        ['livestream-state-changed', { status: 'LIVESTREAM_STOPPED', id: 'a' }],
      ),
      (room) => [room.livestreamState, room.livestreams.map(({ id }) => id)],
      ['LIVESTREAM_STARTED', ['b']],
    ],
    [
      'the recording keeps when it began',
      play(
        joined(),
        ['recording-state-changed', { status: 'RECORDING_STARTED', id: 'r' }, 1000],
        ['recording-state-changed', { status: 'RECORDING_STOPPED', id: 'r', filePath: 'r.mp4' }, 9000],
      ),
      (room) => [room.recordingState, room.recording],
      ['RECORDING_STOPPED', { id: 'r', startedAt: 1000, filePath: 'r.mp4' }],
    ],
    [
      'what a viewer gets of each feed',
      play(
        joined(),
        ['quality-changed', { feed: 'program', layer: 2, paused: false, reason: 'best', estimatedBitrate: 3e6 }],
        ['quality-changed', { feed: 'ann', layer: 0, paused: false, reason: 'limit', estimatedBitrate: 3e6 }],
        ['quality-changed', { feed: 'program', layer: 0, paused: true, reason: 'paused', estimatedBitrate: 9e4 }],
        joined(),
      ),
      (room) => [room.quality.program.paused, room.quality.ann.layer],
      [true, 0],
    ],
    [
      'the reason of the end stays',
      play(joined(), ['session-ended', { reason: 'ended', code: 1009 }], ['meeting-left', { reason: 'left', code: 1 }]),
      (room) => room.ended,
      { reason: 'ended', code: 1009 },
    ],
    [
      'unknown events and hostile names change nothing',
      play(joined(), ['constructor', {}], ['__proto__', {}], ['later', {}]),
      (room) => room.sessionId,
      's',
    ],
  ];
  for (const [name, room, look, wanted] of rows) assert.deepEqual(look(room), wanted, name);
});

test('H.264 constrained baseline first, VP8 behind, the rest left out', () => {
  const h264 = (profile, mode) => ({
    mimeType: 'video/H264',
    sdpFmtpLine: `level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profile}`,
  });
  const codecs = [
    { mimeType: 'video/VP8' },
    { mimeType: 'video/rtx' },
    h264('42001f', 1),
    h264('42e01f', 0),
    h264('42e01f', 1),
    h264('4d001f', 1),
    { mimeType: 'video/AV1' },
    { mimeType: 'video/VP9' },
  ];
  assert.deepEqual(publishCodecs(codecs), [codecs[4], codecs[2], codecs[0], codecs[1]]);
});

test('STUN and TURN servers in Link headers', () => {
  const turn = (uri) => `<${uri}>; rel="ice-server"; username="17:a%2Cb"; credential="x/+=" ; credential-type="password"`;
  const credentials = { username: '17:a%2Cb', credential: 'x/+=' };
  const rows = [
    ['no header', null, []],
    ['STUN alone', '<stun:s.example:3478>; rel="ice-server"', [{ urls: 'stun:s.example:3478' }]],
    ['rel without quotes', '<stun:s.example>;rel=ice-server', [{ urls: 'stun:s.example' }]],
    [
      'several, and another relation between them',
      `<stun:s.example>; rel="ice-server", <https://x.example/>; rel="next"; title="a, <b>", ${turn('turn:t.example?transport=udp')},${turn('turns:t.example')}`,
      [{ urls: 'stun:s.example' }, { urls: 'turn:t.example?transport=udp', ...credentials }, { urls: 'turns:t.example', ...credentials }],
    ],
    [
      'escaped quotes',
      '<turn:t.example>; rel="ice-server"; username="a\\"b"; credential="c"',
      [{ urls: 'turn:t.example', username: 'a"b', credential: 'c' }],
    ],
    ['rubbish', 'rel="ice-server"; <>, ;;=', []],
  ];
  for (const [name, link, wanted] of rows) assert.deepEqual(iceServersOf(link), wanted, name);
});

test('attempts wait longer and longer, up to the cap', () => {
  const backoff = new Backoff({ firstMs: 100, maxMs: 1000, random: () => 1 });
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6].map(() => backoff.next()),
    [100, 200, 400, 800, 1000, 1000],
  );
  backoff.reset();
  assert.equal(backoff.next(), 100);
  assert.equal(new Backoff({ firstMs: 100, random: () => 0 }).next(), 50);
});
