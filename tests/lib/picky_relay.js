// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import dgram from 'node:dgram';
import { once } from 'node:events';

/** SRTP that is not SRTCP (RFC 5761 §4): its payload type, else -1. @param {Buffer} datagram */
export const payloadType = (datagram) => {
  const type = datagram[1] & 0x7f;
  return datagram[0] >> 6 === 2 && (type < 64 || type > 95) ? type : -1;
};

/** A UDP relay on 127.0.0.1 in front of a server's media port, for one viewer. */
export class PickyRelay {
  #front;
  #back;
  #viewer;

  /** @param {(datagram: Buffer) => boolean} passes to the viewer? @param {(datagram: Buffer) => void} [sees] what the viewer sends */
  static async open(passes, sees = () => {}) {
    const relay = new PickyRelay();
    relay.#front = dgram.createSocket('udp4').bind(0, '127.0.0.1');
    relay.#back = dgram.createSocket('udp4').bind(0, '127.0.0.1');
    await Promise.all([once(relay.#front, 'listening'), once(relay.#back, 'listening')]);
    relay.#front.on('message', (datagram, from) => {
      relay.#viewer = from;
      sees(datagram);
      relay.#back.send(datagram, relay.serverPort, '127.0.0.1');
    });
    relay.#back.on('message', (datagram) => {
      if (passes(datagram)) relay.#front.send(datagram, relay.#viewer.port, relay.#viewer.address);
    });
    return relay;
  }

  /**
   * Leads the media of a WHEP viewer in `page` through here.
   * @param {import('playwright-core').Page} page @param {string} endpoint
   * @param {(offer: string) => string} [edit] what the server gets to see
   */
  async standBefore(page, endpoint, edit = (offer) => offer) {
    await page.route(endpoint, async (route) => {
      const response = await route.fetch({ postData: edit(route.request().postData()) });
      const answer = await response.text();
      this.serverPort = Number(answer.match(/^a=candidate:1 1 udp \d+ 127\.0\.0\.1 (\d+)/m)[1]);
      await route.fulfill({ response, body: answer.replaceAll(` ${this.serverPort} typ`, ` ${this.#front.address().port} typ`) });
    });
  }

  close() {
    this.#front.close();
    this.#back.close();
  }
}
