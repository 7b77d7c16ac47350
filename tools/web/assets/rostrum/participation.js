// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { Api, RostrumError } from './api.js';
import { Emitter } from './emitter.js';
import { EventChannel } from './events.js';
import { Player, Publisher } from './peer.js';
import { emptyRoom, reduce } from './room.js';
import { Topics } from './topics.js';

/** The claims of a token, unverified: only to know what to offer in a page. @param {string} token */
export function claimsOf(token) {
  try {
    const bytes = atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/'));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0))));
  } catch {
    return {};
  }
}

/** [off, on] */
const kMarkCommands = { hand: ['lower-hand', 'raise-hand'], mic: ['mic-off', 'mic-on'], camera: ['camera-off', 'camera-on'] };

/**
 * One participant in one room: the event connection, and the media peers that belong to it.
 *
 * Events: `room` (the new Room after each change), `event` (each server message as it came), `connection` "connecting" | "open" |
 * "reconnecting" | "closed" (of the event channel), `media` (state of the own publish or of the program), `error` RostrumError,
 * `ended` {reason, code} (last one; nothing reconnects afterwards).
 */
export class Participation extends Emitter {
  #options;
  #channel;
  #topics;
  #peers = new Set();
  #publisher = null;
  #players = new Map(); // feed → Player
  #abandon = () => this.#leaveAtOnce();
  #over = false;
  #marks = { hand: false, mic: true, camera: true };

  /**
   * @param {object} options
   * @param {string|URL} options.server base URL of the Rostrum server @param {string} options.roomId @param {string} options.token
   * @param {'SEND_AND_RECV'|'RECV_ONLY'|'SIGNALLING_ONLY'} options.mode
   * @param {string} [options.participantId] random when left out @param {string} [options.name]
   */
  constructor({ server, roomId, token, participantId, name = '', mode }) {
    super();
    const id = participantId ?? claimsOf(token).participantId ?? crypto.randomUUID().slice(0, 8);
    this.#options = { server: new URL(server), roomId, token, participantId: id, name, mode };
    /** Management calls of this room. */
    this.api = new Api(this.#options);
    /** @type {import('./room.js').Room} */
    this.room = { ...emptyRoom(), participantId: id };
    this.#channel = new EventChannel(this.#options);
    this.#topics = new Topics(this.#channel);
    this.#channel.on('message', (message) => this.#receive(message));
    this.#channel.on('state', (state) => this.emit('connection', state));
    this.#channel.on('refused', (error) => this.#end({ reason: error.message, code: error.code }));
  }

  get participantId() {
    return this.#options.participantId;
  }

  /** The media connections that exist now. @returns {Set<import('./peer.js').MediaPeer>} */
  get peers() {
    return this.#peers;
  }

  /** Joins the room; rejects with a RostrumError when the server refuses. */
  async join() {
    await this.#channel.open();
    addEventListener('pagehide', this.#abandon);
    return this;
  }

  /**
   * Starts publishing camera and microphone (WHIP).
   * @param {MediaStream} stream @param {{simulcast?: boolean}} [options] `simulcast`: smaller pictures too, for thin connections
   * @returns {Publisher}
   */
  publish(stream, { simulcast = false } = {}) {
    this.#publisher = new Publisher({ ...this.#peerOptions('whip'), stream, simulcast });
    this.#publisher.on('state', (state) => this.emit('media', state));
    return this.#add(this.#publisher);
  }

  /**
   * Tells everybody who subscribed to the topic (chat, a poll, whatever an app makes of it).
   * @param {string} topic @param {string} message @param {Parameters<Topics['publish']>[2]} [options] payload, persist, sendOnly
   */
  send(topic, message, options) {
    return this.#topics.publish(topic, message, options);
  }

  /** @param {string} topic @param {Parameters<Topics['subscribe']>[1]} onMessage @param {{oldMessageLimit?: number}} [options] */
  subscribe(topic, onMessage, options) {
    return this.#topics.subscribe(topic, onMessage, options);
  }

  /** Up or down, as far as the token goes. @param {'SEND_AND_RECV'|'RECV_ONLY'|'SIGNALLING_ONLY'} mode */
  changeMode(mode) {
    this.#channel.send('changeMode', { mode });
  }

  /** Exchanges the microphone or camera track. @param {'audio'|'video'} kind @param {MediaStreamTrack|null} track */
  setTrack(kind, track) {
    return this.#publisher?.setTrack(kind, track);
  }

  /** What everybody sees on the own tile. @param {{hand?: boolean, mic?: boolean, camera?: boolean}} marks */
  mark(marks) {
    this.#marks = { ...this.#marks, ...marks };
    const told = this.room.participants[this.participantId]?.marks;
    if (told) this.#tellMarks(told);
  }

  /**
   * Plays a feed (WHEP).
   * @param {string} [feed] a host's feed; without it, the program @param {import('./peer.js').Limits} [limits]
   * @returns {Player}
   */
  play(feed, limits) {
    const known = this.#players.get(feed);
    if (known) return known;
    const player = new Player({ ...this.#peerOptions('whep', feed), limits });
    if (!feed) player.on('state', (state) => this.emit('media', state));
    this.#players.set(feed, player);
    return this.#add(player);
  }

  /** Stops playing a feed. @param {string} [feed] */
  async stopPlaying(feed) {
    const player = this.#players.get(feed);
    this.#players.delete(feed);
    this.#peers.delete(player);
    await player?.close();
  }

  /** Pushes the composed program to RTMP destinations. @param {import('./api.js').Output[]} outputs */
  goLive(outputs, config) {
    return this.api.startLivestream(outputs, config);
  }

  endLive() {
    return this.api.endLivestream();
  }

  startRecording(config) {
    return this.api.startRecording(config);
  }

  stopRecording() {
    return this.api.endRecording();
  }

  /** Ends the session for everybody. */
  end() {
    return this.api.endSession();
  }

  /** Leaves the room: DELETE on every media resource, then the event connection closes. */
  async leave() {
    if (this.#over) return;
    this.#over = true;
    removeEventListener('pagehide', this.#abandon);
    await Promise.all([...this.#peers].map((peer) => peer.close()));
    this.#channel.close();
    this.emit('ended', { reason: 'left', code: 1101 });
  }

  #add(peer) {
    this.#peers.add(peer);
    peer.on('failed', (error) => this.emit('error', error));
    return peer.start();
  }

  #peerOptions(kind, feed) {
    const { server, roomId, token, participantId, name } = this.#options;
    const endpoint = new URL([kind, roomId, ...(feed ? [feed] : [])].map(encodeURIComponent).join('/'), server);
    endpoint.searchParams.set('participantId', participantId);
    if (name) endpoint.searchParams.set('displayName', name);
    return { endpoint, token, mayConnect: () => this.#channelOpen() };
  }

  /** A lost peer waits for the event channel: it knows whether the session still exists. */
  #channelOpen() {
    if (this.#channel.state === 'open') return Promise.resolve();
    return new Promise((resolve) => {
      const off = this.#channel.on('state', (state) => state === 'open' && (off(), resolve()));
    });
  }

  #tellMarks(told) {
    for (const [name, commands] of Object.entries(kMarkCommands))
      if (this.#marks[name] !== told[name]) this.#channel.send(commands[Number(this.#marks[name])]);
  }

  #receive(message) {
    const { sessionId } = this.room;
    this.room = reduce(this.room, message);
    this.emit('event', message);
    if (message.event === 'meeting-joined') this.mark({}); // again after a restart of the server
    const other = message.event === 'meeting-joined' && sessionId && sessionId !== this.room.sessionId;
    if (message.event === 'session-restarted' || other) for (const peer of this.#peers) peer.restart();
    if (message.event === 'error' && !message.data.requestId) this.emit('error', new RostrumError(message.data));
    this.emit('room', this.room);
    if (this.room.ended) this.#end(this.room.ended);
  }

  #end(how) {
    if (this.#over) return;
    this.#over = true;
    removeEventListener('pagehide', this.#abandon);
    for (const peer of this.#peers) peer.close();
    this.emit('ended', how);
  }

  #leaveAtOnce() {
    for (const peer of this.#peers) peer.abandon();
    this.#channel.close();
  }
}
