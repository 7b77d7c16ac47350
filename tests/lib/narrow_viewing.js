// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { Bottleneck } from './bottleneck.js';
import { until } from './deadline.js';
import { judge, notes, observe, pageTime, shownNow } from './fluidity.js';
import { GstLaunch } from './gst_launch.js';
import { layeredFeed } from './layered_feed.js';
import { blankOrigin, watch } from './whip_whep_page.js';

const kDelayMs = 20; // of the path, each way

/** For `editOffer`: makes the server use transport-cc. */
export const withoutRemb = (offer) => offer.replaceAll(/^a=rtcp-fb:\d+ goog-remb\r\n/gm, '');

/** One page of Chromium that watches the layered feed through a Bottleneck. Times are the page's, see fluidity.js. */
export class NarrowViewing {
  /**
   * @param {import('playwright-core').BrowserContext} browser
   * @param {{seed?: number, editOffer?: (offer: string) => string}} [options] `editOffer`: what the server gets to see of the offer
   */
  static async open(browser, { seed, editOffer } = {}) {
    const viewing = new NarrowViewing();
    try {
      viewing.origin = await blankOrigin();
      viewing.bottleneck = await Bottleneck.open({ down: { delayMs: kDelayMs }, up: { delayMs: kDelayMs }, seed });
      viewing.pipeline = new GstLaunch(layeredFeed());
      viewing.page = await browser.newPage();
      const endpoint = await viewing.pipeline.listening('viewerfanout');
      await viewing.page.goto(viewing.origin.url);
      await viewing.bottleneck.standBefore(viewing.page, endpoint, editOffer);
      const { status, answer } = await watch(viewing.page, endpoint);
      if (status !== 201) throw new Error(`WHEP answered ${status}: ${answer}`);
      await observe(viewing.page);
      return viewing;
    } catch (error) {
      await viewing.close();
      throw error;
    }
  }

  /** The path towards the viewer becomes another one. @returns {Promise<number>} when */
  async change(path) {
    Object.assign(this.bottleneck.down.setup, path);
    return this.now();
  }

  now() {
    return pageTime(this.page);
  }

  /** Waits until the layer of `width` was shown without a break for `forMs` after `from`. @returns {Promise<number>} since when */
  holds(width, from, forMs, timeoutMs) {
    return until(
      `${width} pixels for ${forMs} ms`,
      async () => {
        const shown = await shownNow(this.page);
        const since = Math.max(from, shown?.since);
        return shown?.width === width && shown.at - since >= forMs && since;
      },
      timeoutMs,
    );
  }

  /** Waits until no picture was shown for `forMs`. @returns {Promise<number>} since when */
  pauses(forMs, timeoutMs) {
    return until(
      `no picture for ${forMs} ms`,
      async () => {
        const shown = await shownNow(this.page);
        return shown && (await this.now()) - shown.at >= forMs && shown.at;
      },
      timeoutMs,
    );
  }

  /** What was to be seen and heard. */
  async judge(from, to) {
    return judge(await notes(this.page), from, to);
  }

  async close() {
    await this.page?.close();
    await this.pipeline?.stop();
    this.bottleneck?.close();
    this.origin?.close();
  }
}
