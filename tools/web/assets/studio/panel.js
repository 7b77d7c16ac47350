// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { icon } from '../icons.js';
import { hostsOf, viewersOf } from '../rostrum.js';
import { avatar, byId, count, make } from '../ui.js';

const kOutputStates = {
  connecting: ['Connecting', 'warn'],
  live: ['Live', 'good'],
  retrying: ['Retrying', 'warn'],
  failed: ['Failed', 'bad'],
  stopped: ['Stopped', ''],
};
const kPrograms = { empty: 'Idle', slate: 'Slate', passthrough: 'Direct', composed: 'Composed' };

const hostOf = (url) => {
  try {
    return new URL(url.replace(/^rtmp/, 'http')).host;
  } catch {
    return url;
  }
};

function outputRow({ url, state, error }) {
  const [text, kind] = kOutputStates[state] ?? [state ?? 'Starting', 'warn'];
  const problem = error && state !== 'live' ? make('span', { className: 'problem small' }, error) : null;
  const address = make('span', { title: url }, hostOf(url));
  return make(
    'li',
    { dataset: { state } },
    make('div', { className: 'text' }, address, problem),
    make('span', { className: `chip ${kind}` }, text),
  );
}

function recordingRow(room) {
  const kinds = {
    RECORDING_STARTING: ['Starting', 'warn'],
    RECORDING_STARTED: ['Recording', 'bad'],
    RECORDING_STOPPING: ['Finishing', 'warn'],
    RECORDING_STOPPED: ['Saved', 'good'],
  };
  if (!room.recording && room.recordingState === 'RECORDING_STOPPED') return null;
  const [text, kind] = kinds[room.recordingState] ?? ['Failed', 'bad'];
  const file = room.recording?.filePath?.split('/').at(-1);
  const lines = make(
    'div',
    { className: 'text' },
    make('span', {}, 'Recording'),
    file ? make('span', { className: 'muted small', title: file }, file) : null,
  );
  return make('li', { dataset: { recording: room.recordingState } }, lines, make('span', { className: `chip ${kind}` }, text));
}

function personRow(person, own) {
  const role = person.mode === 'SEND_AND_RECV' ? 'Host' : person.mode === 'RECV_ONLY' ? 'Viewer' : 'Listening in';
  const name = person.participantId === own ? `${person.name} (you)` : person.name;
  const text = make('div', { className: 'text' }, make('span', {}, name), make('span', { className: 'muted small' }, role));
  return make(
    'li',
    { dataset: { participant: person.participantId } },
    avatar(person),
    text,
    person.marks.hand ? icon('hand') : null,
    person.mode === 'RECV_ONLY' ? icon('eye') : icon(person.marks.mic ? 'mic' : 'mic-off'),
  );
}

const kListedViewers = 50; // more would make a page of thousands slow; the count says the rest

/** Draws outputs, people and counts. @param {import('../rostrum/room.js').Room} room */
export function showPanel(room) {
  const hosts = hostsOf(room);
  const viewers = viewersOf(room);
  byId('viewer-count').textContent = viewers.length;
  byId('people-count').textContent = `${count(hosts.length, 'host')} · ${count(viewers.length, 'viewer')}`;
  byId('program').textContent = kPrograms[room.program.mode] ?? room.program.mode;
  byId('program').title = 'What the audience sees: the one host directly, or the composed picture';
  const rows = [...room.livestreams.flatMap((one) => one.outputs.map(outputRow)), recordingRow(room)].filter(Boolean);
  byId('outputs').replaceChildren(
    ...(rows.length ? rows : [make('li', { className: 'empty' }, 'Nothing goes out yet. Go live or record to start.')]),
  );
  const hidden = viewers.length - kListedViewers;
  byId('people').replaceChildren(
    ...[...hosts, ...viewers.slice(0, kListedViewers)].map((person) => personRow(person, room.participantId)),
    ...(hidden > 0 ? [make('li', { className: 'muted small' }, `and ${count(hidden, 'more viewer')}`)] : []),
  );
}
