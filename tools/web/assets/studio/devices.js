// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { getCamera, kCamera, kMicrophone } from '../rostrum.js';
import { Emitter } from '../rostrum/emitter.js';

const kCardFps = 5; // enough for a still card; an encoder without frames would look like a stall to the viewers

/** A picture to send while the camera is off, so that the camera itself can be released. */
class Card {
  #canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 });
  #timer = 0;

  /** @returns {MediaStreamTrack} */
  start(name) {
    const draw = () => this.#draw(name);
    draw();
    this.#timer = setInterval(draw, 1000 / kCardFps);
    return this.#canvas.captureStream(kCardFps).getVideoTracks()[0];
  }

  stop() {
    clearInterval(this.#timer);
  }

  #draw(name) {
    const context = this.#canvas.getContext('2d');
    context.fillStyle = '#1c1f2a';
    context.fillRect(0, 0, 1280, 720);
    context.fillStyle = '#3a4161';
    context.beginPath();
    context.arc(640, 360, 120, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = '#f3f4f8';
    context.font = '600 96px system-ui, sans-serif';
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillText((name || '?').trim().charAt(0).toUpperCase(), 640, 366);
  }
}

/**
 * The host's own camera and microphone.
 * Events: `track` {kind, track} when what is to be sent changed, `change` when the pictures and buttons should be drawn again.
 */
export class LocalMedia extends Emitter {
  #card = new Card();
  #devices = { audioinput: undefined, videoinput: undefined };
  #analyser = null;
  #samples = new Float32Array(512);
  name = '';
  enabled = { audio: true, video: true };
  /** What is sent: at most one track of each kind. @type {MediaStream} */
  stream = new MediaStream();

  /** Opens what there is; rejects only when there is neither camera nor microphone. */
  async start() {
    const stream = await getCamera().catch(async (both) => {
      const media = navigator.mediaDevices;
      return media
        .getUserMedia({ audio: kMicrophone })
        .catch(() => media.getUserMedia({ video: kCamera }).catch(() => Promise.reject(both)));
    });
    for (const track of stream.getTracks()) this.#use(track);
    if (!stream.getVideoTracks().length) this.#useCard();
    if (!stream.getAudioTracks().length) this.enabled.audio = false;
    this.emit('change');
  }

  has(kind) {
    return this.enabled[kind];
  }

  /** @param {'audio'|'video'} kind */
  async toggle(kind) {
    if (kind === 'audio') {
      const track = this.#track('audio');
      if (!track) return;
      track.enabled = this.enabled.audio = !this.enabled.audio;
    } else if (this.enabled.video) {
      this.#useCard();
    } else {
      await this.#open('video');
    }
    this.emit('change');
  }

  /** @param {'audioinput'|'videoinput'} deviceKind @param {string} deviceId */
  async select(deviceKind, deviceId) {
    this.#devices[deviceKind] = deviceId;
    const kind = deviceKind === 'audioinput' ? 'audio' : 'video';
    if (kind === 'video' && !this.enabled.video) return;
    await this.#open(kind);
    this.emit('change');
  }

  /** Devices by kind, and which one is in use. */
  async list(deviceKind) {
    const all = await navigator.mediaDevices.enumerateDevices();
    const current = this.#track(deviceKind === 'audioinput' ? 'audio' : 'video')?.getSettings().deviceId;
    return { devices: all.filter((one) => one.kind === deviceKind), current: this.#devices[deviceKind] ?? current };
  }

  /** @returns {number} microphone level, 0 to 1 */
  level() {
    if (!this.#analyser || !this.enabled.audio) return 0;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / this.#samples.length;
    return Math.min(1, Math.max(0, 1 + Math.log10(power + 1e-9) / 5)); // -50 dB .. 0 dB
  }

  stop() {
    this.#card.stop();
    for (const track of this.stream.getTracks()) track.stop();
  }

  #track(kind) {
    return this.stream.getTracks().find((one) => one.kind === kind);
  }

  async #open(kind) {
    const id = this.#devices[kind === 'audio' ? 'audioinput' : 'videoinput'];
    const wanted = { ...(kind === 'audio' ? kMicrophone : kCamera), ...(id && { deviceId: { exact: id } }) };
    const stream = await navigator.mediaDevices.getUserMedia({ [kind]: wanted });
    if (kind === 'video') this.#card.stop();
    this.#use(stream.getTracks()[0]);
  }

  #useCard() {
    this.#use(this.#card.start(this.name));
    this.enabled.video = false;
  }

  #use(track) {
    const old = this.#track(track.kind);
    if (old) {
      this.stream.removeTrack(old);
      old.stop();
    }
    this.stream.addTrack(track);
    if (track.kind === 'audio') this.#listen(track);
    if (track.kind === 'audio') track.enabled = this.enabled.audio;
    else this.enabled.video = true;
    this.emit('track', { kind: track.kind, track });
  }

  #listen(track) {
    const context = (this.context ??= new AudioContext());
    this.#analyser = context.createAnalyser();
    this.#analyser.fftSize = this.#samples.length;
    context.createMediaStreamSource(new MediaStream([track])).connect(this.#analyser);
  }
}
