// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { RostrumError, request } from './api.js';
import { Backoff, delay } from './backoff.js';
import { Emitter } from './emitter.js';
import { iceServersOf } from './ice_servers.js';

const kConnectMs = 10000; // the server gives up on an unconnected peer after 15 s
const kDisconnectedMs = 4000; // ICE "disconnected" often heals; two missed consent rounds do not

/** Resolves when the connection stands; rejects when it fails, is closed by the other side, or takes too long. */
function connected(pc, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(new RostrumError({ message: 'The media connection could not be established' })), kConnectMs);
    const finish = (error) => {
      clearTimeout(timer);
      pc.removeEventListener('connectionstatechange', look);
      signal.removeEventListener('abort', aborted);
      error ? reject(error) : resolve();
    };
    const aborted = () => finish(new RostrumError({ message: 'Closed' }));
    const look = () => {
      if (pc.connectionState === 'connected') finish(null);
      if (pc.connectionState === 'failed' || pc.connectionState === 'closed')
        finish(new RostrumError({ message: 'The media connection failed' }));
    };
    pc.addEventListener('connectionstatechange', look);
    signal.addEventListener('abort', aborted);
    look();
  });
}

/** Resolves when an established connection is lost. */
function lost(pc, signal) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    let timer = 0;
    const look = () => {
      clearTimeout(timer);
      if (pc.connectionState === 'failed' || pc.connectionState === 'closed') resolve();
      if (pc.connectionState === 'disconnected') timer = setTimeout(resolve, kDisconnectedMs);
    };
    pc.addEventListener('connectionstatechange', look);
    // The server's close_notify shows here at once; connectionState would only follow with the ICE timeout.
    const transport = [...pc.getSenders(), ...pc.getReceivers()].map((one) => one.transport).find(Boolean);
    transport?.addEventListener('statechange', () => transport.state !== 'connected' && resolve());
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
    look();
  });
}

/**
 * One WebRTC connection by WHIP (RFC 9725) or WHEP, made anew whenever it is lost.
 * Candidates are not trickled: the server is ICE-lite on a reachable address and learns ours from the connectivity checks.
 * Events: `state` "connecting" | "connected" | "reconnecting" | "closed", `failed` RostrumError (final).
 */
export class MediaPeer extends Emitter {
  #endpoint;
  #token;
  #setup;
  #mayConnect;
  #stop = new AbortController();
  #round = null; // AbortController of the running connection
  #resource = null;
  #running = null;
  /** @type {RTCPeerConnection|null} */
  pc = null;
  state = 'connecting';

  /**
   * @param {object} options
   * @param {URL} options.endpoint WHIP or WHEP endpoint @param {string} options.token
   * @param {(pc: RTCPeerConnection) => void} options.setup adds transceivers and handlers to a fresh connection
   * @param {() => Promise<void>} [options.mayConnect] awaited before each new attempt
   */
  constructor({ endpoint, token, setup, mayConnect = async () => {} }) {
    super();
    this.#endpoint = endpoint;
    this.#token = token;
    this.#setup = setup;
    this.#mayConnect = mayConnect;
  }

  /** The WHIP or WHEP resource of the present connection. @returns {URL|null} */
  get resource() {
    return this.#resource;
  }

  /** Starts connecting; progress comes as events. */
  start() {
    this.#running ??= this.#run();
    return this;
  }

  /** Drops the connection and makes a new one (the session process was restarted). */
  restart() {
    this.#round?.abort();
  }

  /** Leaves: DELETE on the resource, then closes. */
  async close() {
    this.#stop.abort();
    this.#round?.abort();
    await this.#running;
  }

  /** Leaves while the page goes away: nothing can be awaited any more. */
  abandon() {
    const resource = this.#resource;
    this.#resource = null;
    this.#stop.abort();
    if (resource) fetch(resource, { method: 'DELETE', headers: { authorization: this.#token }, keepalive: true }).catch(() => {});
    this.pc?.close();
  }

  async #run() {
    const backoff = new Backoff({ maxMs: 4000 });
    while (!this.#stop.signal.aborted) {
      this.#round = new AbortController();
      try {
        await this.#connect(this.#round.signal);
        backoff.reset();
        this.#setState('connected');
        await lost(this.pc, this.#round.signal);
      } catch (error) {
        if (this.#isFinal(error)) {
          this.#stop.abort();
          this.emit('failed', error);
        } else if (error.retryAfterMs) {
          await delay(error.retryAfterMs, this.#stop.signal);
        }
      }
      await this.#drop();
      if (this.#stop.signal.aborted) break;
      this.#setState('reconnecting');
      await delay(backoff.next(), this.#stop.signal);
      if (!this.#stop.signal.aborted) await Promise.race([this.#mayConnect(), aborted(this.#stop.signal)]);
    }
    this.#setState('closed');
  }

  /** 404 is not final: a session or a feed may be just coming (back). */
  #isFinal(error) {
    return !(error instanceof RostrumError) || (error.status >= 400 && error.status < 500 && ![404, 408, 409, 429].includes(error.status));
  }

  async #connect(signal) {
    const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    this.pc = pc;
    this.#setup(pc);
    const offer = await pc.createOffer();
    // Chrome decodes Opus to mono unless stereo is asked for.
    offer.sdp = offer.sdp.replace(/(a=fmtp:\d+ minptime=10;useinbandfec=1)(?!;stereo)/g, '$1;stereo=1');
    const response = await request(this.#endpoint, {
      method: 'POST',
      headers: { authorization: this.#token, 'content-type': 'application/sdp' },
      body: offer.sdp,
      signal,
    });
    this.#resource = new URL(response.headers.get('location'), response.url); // where a redirect led to, if there was one
    // The answer names the STUN and TURN servers, and the local description starts the gathering.
    const iceServers = iceServersOf(response.headers.get('link'));
    pc.setConfiguration({ ...pc.getConfiguration(), iceServers });
    await pc.setLocalDescription(offer);
    await pc.setRemoteDescription({ type: 'answer', sdp: await response.text() });
    await connected(pc, signal);
  }

  async #drop() {
    const resource = this.#resource;
    this.#resource = null;
    this.pc?.close();
    // The server may have forgotten the resource already; both ways it is gone afterwards.
    if (resource) await fetch(resource, { method: 'DELETE', headers: { authorization: this.#token } }).catch(() => {});
  }

  #setState(state) {
    if (this.state === state) return;
    this.state = state;
    this.emit('state', state);
  }
}

const aborted = (signal) =>
  new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', resolve, { once: true })));

/**
 * What we offer for sending, best first: H.264 constrained baseline, which the program and RTMP take without a new encode, then other
 * H.264 baselines, then VP8; retransmission last.
 * @param {RTCRtpCodec[]} codecs @returns {RTCRtpCodec[]}
 */
export function publishCodecs(codecs) {
  const rank = ({ mimeType, sdpFmtpLine = '' }) => {
    const type = mimeType.toLowerCase();
    if (type === 'video/h264' && /packetization-mode=1/.test(sdpFmtpLine))
      return /profile-level-id=42e0/i.test(sdpFmtpLine) ? 0 : /profile-level-id=42/i.test(sdpFmtpLine) ? 1 : -1;
    return { 'video/vp8': 2, 'video/rtx': 3 }[type] ?? -1;
  };
  return codecs.filter((codec) => rank(codec) >= 0).sort((a, b) => rank(a) - rank(b));
}

/** Below the full picture, lowest first: the order in which the server numbers layers. */
const kLowerLayers = [
  { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 500_000 },
];

/**
 * Sends camera and microphone. A track may be exchanged at any time without a new connection.
 */
export class Publisher extends MediaPeer {
  #tracks;

  /**
   * @param {object} options as MediaPeer, and @param {MediaStream} options.stream
   * @param {boolean} [options.simulcast] send smaller pictures too, for viewers whose connection is thin
   */
  constructor({ stream, simulcast = false, maxBitrateBps = 2_500_000, ...options }) {
    const full = { maxBitrate: maxBitrateBps };
    super({ ...options, setup: (pc) => this.#addTracks(pc, simulcast ? [...kLowerLayers, { rid: 'f', ...full }] : [full]) });
    this.#tracks = { audio: stream.getAudioTracks()[0] ?? null, video: stream.getVideoTracks()[0] ?? null };
  }

  /** @param {'audio'|'video'} kind @param {MediaStreamTrack|null} track null sends nothing */
  async setTrack(kind, track) {
    this.#tracks[kind] = track;
    const sender = this.pc?.getTransceivers().find((one) => one.receiver.track.kind === kind)?.sender;
    await sender?.replaceTrack(track);
  }

  #addTracks(pc, sendEncodings) {
    const stream = new MediaStream(Object.values(this.#tracks).filter(Boolean));
    pc.addTransceiver(this.#tracks.audio ?? 'audio', { direction: 'sendonly', streams: [stream] });
    const video = pc.addTransceiver(this.#tracks.video ?? 'video', {
      direction: 'sendonly',
      streams: [stream],
      sendEncodings,
    });
    const codecs = publishCodecs(RTCRtpSender.getCapabilities('video').codecs);
    if (codecs.length) video.setCodecPreferences?.(codecs);
  }
}

/**
 * What a viewer gets at most; null lifts a limit.
 * @typedef {{maxLayer?: number|null, maxBitrate?: number|null}} Limits `maxLayer`: quality layers, counted from the smallest, which is 0;
 *   `maxBitrate`: bit/s of sound and picture
 */

/** Plays one feed into `stream`, which stays the same object over reconnects: set it as srcObject once. */
export class Player extends MediaPeer {
  /** @type {MediaStream} */
  stream = new MediaStream();

  #endpoint;
  #token;

  /** @param {object} options as MediaPeer, and @param {Limits} [options.limits] */
  constructor({ limits = {}, ...options }) {
    super({ ...options, setup: (pc) => this.#receive(pc) });
    this.#endpoint = options.endpoint;
    this.#token = options.token;
    this.#remember(limits);
  }

  /**
   * Gets no more than that, from now on and after each reconnect. What is left out stays as it is.
   * @param {Limits} limits
   */
  async limit(limits) {
    this.#remember(limits);
    if (!this.resource) return;
    const headers = { authorization: this.#token, 'content-type': 'application/json' };
    await request(this.resource, { method: 'PATCH', headers, body: JSON.stringify(limits) });
  }

  #remember(limits) {
    for (const [name, value] of Object.entries(limits)) {
      if (value === null) this.#endpoint.searchParams.delete(name);
      else if (value !== undefined) this.#endpoint.searchParams.set(name, value);
    }
  }

  #receive(pc) {
    for (const kind of ['video', 'audio']) pc.addTransceiver(kind, { direction: 'recvonly' });
    pc.ontrack = ({ track }) => {
      for (const old of this.stream.getTracks()) if (old.kind === track.kind) this.stream.removeTrack(old);
      this.stream.addTrack(track);
      this.emit('track', track);
    };
  }
}
