// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * @typedef {{participantId: string, name: string, mode: string, feeds: string[], kinds: string[],
 *   marks: {hand: boolean, mic: boolean, camera: boolean}}} Participant
 * `marks` are what the participant says about itself: hand raised, microphone and camera on.
 * `kinds` lists what the participant sends now: "video", "audio".
 * `quality` says by feed what this participant gets of the picture; `paused`: nothing, its connection is too slow.
 * @typedef {{id: string, url: string, state: string, error?: string}} OutputState
 * @typedef {{sessionId: string, participantId: string, participants: Record<string, Participant>, livestreamState: string,
 *   livestreams: {id: string, outputs: OutputState[]}[], recordingState: string,
 *   recording: {id: string, startedAt: number, filePath: string}|null, program: {mode: string}, speaker: string|null,
 *   quality: Record<string, {layer: number, paused: boolean, reason: string, estimatedBitrate: number}>,
 *   permissions: string[], ended: {reason: string, code: number}|null}} Room
 */

/** @returns {Room} what is known before the server said anything */
export function emptyRoom() {
  return {
    sessionId: '',
    participantId: '',
    participants: {},
    livestreamState: 'LIVESTREAM_STOPPED',
    livestreams: [],
    recordingState: 'RECORDING_STOPPED',
    recording: null,
    program: { mode: 'empty' },
    speaker: null,
    quality: {},
    permissions: [],
    ended: null,
  };
}

const asParticipant = (data) => ({
  participantId: data.participantId,
  name: data.name || `Guest ${data.participantId.slice(-4)}`,
  mode: data.mode || 'SEND_AND_RECV',
  feeds: (data.feeds ?? []).map((feed) => (typeof feed === 'string' ? feed : feed.feed)),
  kinds: data.kinds ?? [],
  marks: data.marks ?? { hand: false, mic: true, camera: true },
});

function withParticipant(room, id, change) {
  const known = room.participants[id] ?? asParticipant({ participantId: id });
  return { ...room, participants: { ...room.participants, [id]: { ...known, ...change(known) } } };
}

const handlers = {
  'meeting-joined': (room, data) => ({
    ...emptyRoom(),
    sessionId: data.sessionId,
    participantId: data.participantId,
    participants: Object.fromEntries((data.participants ?? []).map((one) => [one.participantId, asParticipant(one)])),
    livestreamState: data.livestreamState || 'LIVESTREAM_STOPPED',
    livestreams: data.livestreams ?? [],
    recordingState: data.recordingState || 'RECORDING_STOPPED',
    // The start is only known to those who saw the event; kept across a reconnect to the same session.
    recording: room.sessionId === data.sessionId ? room.recording : null,
    program: data.program ?? { mode: 'empty' },
    quality: room.sessionId === data.sessionId ? room.quality : {}, // media goes on while the event connection comes back
    permissions: data.permissions ?? [],
  }),

  'participant-joined': (room, data) =>
    withParticipant(room, data.participantId, () => {
      const { feeds: _feeds, kinds: _kinds, marks: _marks, ...fresh } = asParticipant(data);
      return fresh;
    }),

  'participant-left': (room, data) => {
    const { [data.participantId]: _gone, ...participants } = room.participants;
    return { ...room, participants, speaker: room.speaker === data.participantId ? null : room.speaker };
  },

  'participant-marks-changed': (room, { participantId, ...marks }) =>
    room.participants[participantId] ? withParticipant(room, participantId, () => ({ marks })) : room,

  'stream-enabled': (room, data) =>
    withParticipant(room, data.participantId, (known) => ({
      feeds: [...new Set([...known.feeds, data.feed ?? data.participantId])],
      kinds: [...new Set([...known.kinds, data.kind])],
    })),

  'stream-disabled': (room, data) =>
    room.participants[data.participantId]
      ? withParticipant(room, data.participantId, (known) => {
          const kinds = known.kinds.filter((kind) => kind !== data.kind);
          return { kinds, feeds: kinds.length ? known.feeds : known.feeds.filter((feed) => feed !== data.feed) };
        })
      : room,

  'livestream-state-changed': (room, data) => {
    const others = room.livestreams.filter((one) => one.id !== data.id);
    const known = room.livestreams.find((one) => one.id === data.id);
    const stopped = data.status === 'LIVESTREAM_STOPPED';
    const outputs = data.outputs ?? known?.outputs ?? [];
    const livestreams = stopped ? others : [...others, { id: data.id, outputs }];
    return { ...room, livestreams, livestreamState: stopped && others.length ? room.livestreamState : data.status };
  },

  'recording-state-changed': (room, data, timestamp) => {
    const known = room.recording?.id === data.id ? room.recording : null;
    const recording = {
      id: data.id,
      startedAt: data.status === 'RECORDING_STARTED' ? known?.startedAt || timestamp : (known?.startedAt ?? 0),
      filePath: data.filePath ?? known?.filePath ?? '',
    };
    return { ...room, recordingState: data.status, recording };
  },

  'program-changed': (room, data) => ({ ...room, program: { ...room.program, mode: data.mode } }),
  'speaker-changed': (room, data) => ({ ...room, speaker: data.participantId || null }),
  'quality-changed': (room, { feed, ...quality }) => ({ ...room, quality: { ...room.quality, [feed]: quality } }),
  'session-ended': (room, data) => ({ ...room, ended: { reason: data.reason, code: data.code } }),
  'meeting-left': (room, data) => ({ ...room, ended: room.ended ?? { reason: data.reason, code: data.code } }),
};

/**
 * The room after one server event; events without a meaning for the room leave it as it is.
 * @param {Room} room @param {{event: string, data: object, timestamp?: number}} message @returns {Room}
 */
export function reduce(room, { event, data, timestamp = Date.now() }) {
  const handler = Object.hasOwn(handlers, event) ? handlers[event] : null;
  return handler ? handler(room, data ?? {}, timestamp) : room;
}

/** Participants who publish. @param {Room} room @returns {Participant[]} */
export const hostsOf = (room) => Object.values(room.participants).filter((one) => one.mode === 'SEND_AND_RECV');

/** Participants who only receive. @param {Room} room @returns {Participant[]} */
export const viewersOf = (room) => Object.values(room.participants).filter((one) => one.mode === 'RECV_ONLY');
