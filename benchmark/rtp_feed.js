// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later
import dgram from 'node:dgram';
import { once } from 'node:events';

const kHeader = 12;
const kMaxPayload = 1180; // with header and SRTP tag about what browsers send
const kFuA = 28, kStapA = 24, kIdr = 5, kSlice = 1, kNri = 0x60;
const kParameterSets = Buffer.from('7800096742c01f8c8d402802dd000468ce3c80', 'hex'); // STAP-A: SPS of 720p baseline, PPS

function rtp({ payloadType, sequence, timestamp, ssrc, marker }, ...parts) {
  const header = Buffer.alloc(kHeader);
  header[0] = 0x80;
  header[1] = payloadType | (marker ? 0x80 : 0);
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE(timestamp >>> 0, 4);
  header.writeUInt32BE(ssrc, 8);
  return Buffer.concat([header, ...parts]);
}

/** `bytes` of one slice as FU-A payloads (RFC 6184 §5.8) of sizes that differ by a byte at most, as browsers cut them. */
function fragments(bytes, nalType) {
  const count = Math.ceil(bytes / (kMaxPayload - 2));
  return Array.from({ length: count }, (_, i) => {
    const size = Math.floor((bytes * (i + 1)) / count) - Math.floor((bytes * i) / count);
    const edge = (i === 0 ? 0x80 : 0) | (i === count - 1 ? 0x40 : 0);
    return Buffer.concat([Buffer.from([kNri | kFuA, edge | nalType]), Buffer.alloc(size, 0x55)]);
  });
}

/**
 * A camera for fan-out measurements: RTP of H.264's form and of Opus' pace, to two UDP ports on loopback, in real time. A keyframe every two
 * seconds is eight times as large as another frame; the pictures themselves are rubbish.
 */
export class RtpFeed {
  constructor({ videoPort, audioPort, videoBps = 1e6, framesPerSecond = 30, audioBytes = 120 }) {
    this.videoPort = videoPort;
    this.audioPort = audioPort;
    this.framesPerSecond = framesPerSecond;
    this.keyInterval = 2 * framesPerSecond;
    this.frameBytes = (videoBps / 8 / framesPerSecond) * (this.keyInterval / (this.keyInterval + 7));
    this.audio = Buffer.alloc(audioBytes, 0x78);
    this.video = { payloadType: 96, ssrc: 0x1234, sequence: 100 };
    this.packets = 0;
  }

  async start() {
    this.socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
    await once(this.socket, 'listening');
    this.began = performance.now();
    this.frame = this.voice = 0;
    this.timer = setInterval(() => this.sendDue(), 2);
  }

  stop() {
    clearInterval(this.timer);
    this.socket.close();
  }

  sendDue() {
    const seconds = (performance.now() - this.began) / 1000;
    while (this.frame <= seconds * this.framesPerSecond) this.sendFrame(this.frame++);
    while (this.voice <= seconds * 50) this.sendVoice(this.voice++);
  }

  sendFrame(number) {
    const key = number % this.keyInterval === 0;
    const payloads = fragments(Math.round(this.frameBytes * (key ? 8 : 1)), key ? kIdr : kSlice);
    if (key) payloads.unshift(kParameterSets);
    const timestamp = (number * 90000) / this.framesPerSecond;
    payloads.forEach((payload, i) => {
      const header = { ...this.video, sequence: this.video.sequence++, timestamp, marker: i === payloads.length - 1 };
      this.send(rtp(header, payload), this.videoPort);
    });
  }

  sendVoice(number) {
    this.send(rtp({ payloadType: 97, ssrc: 0x5678, sequence: number, timestamp: number * 960, marker: false }, this.audio), this.audioPort);
  }

  send(packet, port) {
    this.packets++;
    this.socket.send(packet, port, '127.0.0.1');
  }
}
