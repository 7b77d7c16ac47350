// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import path from 'node:path';

import { Grant, VideoSDK } from '@videosdk.live/server-sdk';

import { launchChromium } from '../../lib/chromium.js';
import { until } from '../../lib/deadline.js';
import { framesAdvance } from '../../lib/frames.js';
import { NginxRtmp } from '../../lib/nginx_rtmp.js';
import { Program } from '../../lib/process.js';
import { kBuild, Rostrum } from '../../lib/rostrum.js';
import { WebhookReceiver } from '../../lib/webhook_receiver.js';
import { blankOrigin, watch as watchPage } from '../../lib/whip_whep_page.js';
import { watch } from './coverage.js';

const kTestHost = path.join(kBuild, 'tools/rostrum/testhost/rostrum-testhost');

/** A server, the official SDK pointed at it, and a live session: a host who publishes, and a viewer who plays it in Chromium. */
export class Stage {
  outcomes = new Map(); // of every method of the SDK that was called
  #programs = [];

  static async open() {
    const stage = new Stage();
    stage.receiver = await WebhookReceiver.start();
    stage.nginx = await NginxRtmp.start({ records: false });
    stage.rostrum = await Rostrum.start({ args: ['--empty-timeout', '60', '--job-processes', '2'] });
    stage.sdk = stage.client();
    stage.room = await stage.sdk.rooms.create({
      customRoomId: 'the-show',
      geoFence: 'eu001',
      webhook: { url: stage.receiver.url, events: ['*'] },
      autoCloseConfig: { type: 'session-ends', afterInactiveSeconds: 3600 },
      multiComposition: { recording: false, hls: false, rtmp: false },
    });
    const { roomId } = stage.room;
    stage.ingress = stage.sdk.whip.create(roomId, { participantId: 'host', name: 'Ann', useExistingPeer: true });
    stage.host = await stage.publish(stage.ingress);
    const token = stage.sdk.accessToken().setParticipant('viewer').grant(Grant.AllowJoin).forRoom(roomId).expiresIn('15m').toJwt();
    stage.viewer = await stage.rostrum.events(roomId, { token, participantId: 'viewer', name: 'Vic', mode: 'RECV_ONLY' });
    stage.sessionId = stage.viewer.joined.sessionId;
    await stage.play(`${stage.rostrum.url}/whep/${roomId}?participantId=viewer`, token);
    return stage;
  }

  /** @param {object} [options] of the SDK's client @returns {VideoSDK} whose calls are noted in `outcomes` */
  client(options = {}) {
    const { key, secret } = this.rostrum.credentials;
    return watch(new VideoSDK({ apiKey: key, secret, apiEndpoint: this.rostrum.url, ...options }), this.outcomes);
  }

  /** A host without a browser, with what the SDK gives out for WHIP. */
  async publish({ url, token }) {
    const env = { ROSTRUM_TOKEN: token, GST_REGISTRY: path.join(kBuild, 'gst-registry.bin') };
    const program = new Program(kTestHost, ['--whip', url], { env });
    this.#programs.push(program);
    await program.line(/publish|connected/i);
    return program;
  }

  /** The viewer's browser, until it has seen something. */
  async play(url, token) {
    this.origin = await blankOrigin();
    this.browser = await launchChromium();
    const page = await this.browser.newPage();
    await page.goto(this.origin.url);
    const { status, answer } = await watchPage(page, url, { token });
    if (status !== 201) throw new Error(`${status}: ${answer}`);
    await framesAdvance(page, 30);
  }

  /** The first webhook of a type (about an output). */
  told(type, id, timeoutMs = 40000) {
    return until(
      `${type} of ${id}`,
      () => this.receiver.received.find((one) => one.type === type && (!id || one.data.id === id)),
      timeoutMs,
    );
  }

  async close() {
    await this.browser?.close();
    this.origin?.close();
    for (const program of this.#programs) if (!program.exited) program.child.kill('SIGKILL');
    await this.rostrum?.stop();
    await this.nginx?.stop();
    await this.receiver?.stop();
  }
}
