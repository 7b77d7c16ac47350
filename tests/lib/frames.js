// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { until } from './deadline.js';

/**
 * Frames that came to the page's video element so far. It counts them also while the page is behind another one, where Chromium may
 * call requestVideoFrameCallback() once or twice a second only. Firefox counts those of a MediaStream in `mozPaintedFrames`.
 */
export const framesShown = (page) =>
  page.evaluate(() => {
    const video = document.querySelector('video');
    return video?.mozPaintedFrames ?? video?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
  });

/** Waits until `more` further frames came. */
export async function framesAdvance(page, more = 30, timeoutMs = 15000) {
  let from = await framesShown(page);
  const enough = async () => {
    const shown = await framesShown(page);
    from = Math.min(from, shown); // a new source counts from zero
    return shown >= from + more;
  };
  await until(`${more} more frames`, enough, timeoutMs);
}
