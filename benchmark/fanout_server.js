// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { Program } from '../tests/lib/process.js';
import { RtpFeed } from './rtp_feed.js';

async function freePort() {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise((closed) => socket.close(closed));
  return port;
}

/** A viewerfanout in a process of its own, and a camera for it: 1 Mbit/s of 720p30 H.264 and Opus. ROSTRUM_BUILD_DIR names the build tree. */
export class FanoutServer {
  /** @param {{cpus: string, maxLoad: number|string}} options `cpus` as taskset takes them */
  static async start({ cpus, maxLoad }) {
    const server = new FanoutServer();
    server.work = fs.mkdtempSync(path.join(os.tmpdir(), 'fanout-'));
    const plugins = path.join(path.resolve(process.env.ROSTRUM_BUILD_DIR ?? 'build'), 'plugins');
    const env = { GST_PLUGIN_PATH: plugins, GST_REGISTRY: path.join(server.work, 'registry.bin'), GST_REGISTRY_FORK: 'no' };
    const [videoPort, audioPort] = [await freePort(), await freePort()];
    const source = (port, caps) => `udpsrc address=127.0.0.1 port=${port} caps=application/x-rtp,${caps}`;
    const pipeline =
      `${source(videoPort, 'media=video,encoding-name=H264,clock-rate=90000,payload=96')} ! f.video_0 ` +
      `${source(audioPort, 'media=audio,encoding-name=OPUS,clock-rate=48000,payload=97')} ! f.audio ` +
      `viewerfanout name=f listen=http://127.0.0.1:0/whep max-viewers=100000 max-load=${maxLoad}`;
    server.program = new Program('taskset', ['-c', cpus, 'gst-launch-1.0', '-m', ...pipeline.split(' ')], { env });
    server.feed = new RtpFeed({ videoPort, audioPort });
    const [, uri] = await server.program.line(/viewerfanout-listening.*uri=\(string\)([^;]+);/);
    server.uri = uri.replaceAll('"', '');
    await server.feed.start();
    return server;
  }

  get pid() {
    return this.program.pid;
  }

  /** Packets a second that the camera sent so far. */
  packetRate() {
    return this.feed.packets / ((performance.now() - this.feed.began) / 1000);
  }

  async stop() {
    this.feed.stop();
    await this.program.stop('SIGINT');
    fs.rmSync(this.work, { recursive: true, force: true });
  }
}
