// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * How fluid a watch() page of whip_whep_page.js plays: notes each frame that its video element shows, and what getStats() says.
 * Times are milliseconds since the page's time origin, as performance.now() in the page.
 */

const kSampleMs = 100;
const kClockRate = 90; // RTP ticks of video per millisecond

/** @typedef {{at: number, width: number, lag: number}} Shown `lag`: how late it was, from an origin that is constant over the run */
/** @typedef {{at: number, late: number, samples: number, concealed: number, freezes: number, packetsLost: number}} Sample */

/** Begins to take notes; call it once, after watch(). @param {import('playwright-core').Page} page */
export const observe = (page) =>
  page.evaluate(
    ([sampleMs, clockRate]) => {
      const notes = (window.fluidity = { shown: [], samples: [] });
      let ticks = null; // of the RTP clock, without wrapping
      const note = (_now, { presentationTime, width, rtpTimestamp }) => {
        ticks = ticks === null ? rtpTimestamp : ticks + ((rtpTimestamp - ticks) << 0);
        notes.shown.push({ at: presentationTime, width, lag: presentationTime - ticks / clockRate });
        window.video.requestVideoFrameCallback(note);
      };
      window.video.requestVideoFrameCallback(note);
      let due = performance.now() + sampleMs;
      setInterval(async () => {
        const at = performance.now();
        const late = Math.max(0, at - due);
        due = at + sampleMs;
        const reports = [...(await window.pc.getStats()).values()];
        const inbound = (kind) => reports.find((one) => one.type === 'inbound-rtp' && one.kind === kind);
        const video = inbound('video');
        const audio = inbound('audio');
        if (!video || !audio) return;
        notes.samples.push({
          at,
          late,
          samples: audio.totalSamplesReceived,
          concealed: audio.concealedSamples - audio.silentConcealedSamples,
          freezes: video.freezeCount,
          packetsLost: video.packetsLost,
        });
      }, sampleMs);
    },
    [kSampleMs, kClockRate],
  );

/** @returns {Promise<number>} the page's performance.now() */
export const pageTime = (page) => page.evaluate(() => performance.now());

/** Since when the newest frame's width is shown without a break. @returns {Promise<{width: number, since: number, at: number}|null>} */
export const shownNow = (page) =>
  page.evaluate(() => {
    const { shown } = window.fluidity;
    const newest = shown.at(-1);
    if (!newest) return null;
    const before = shown.findLastIndex(({ width }) => width !== newest.width);
    return { width: newest.width, since: shown[before + 1].at, at: newest.at };
  });

/** All notes so far. @returns {Promise<{shown: Shown[], samples: Sample[]}>} */
export const notes = (page) => page.evaluate(() => window.fluidity);

const between = (list, from, to) => list.filter(({ at }) => at >= from && at <= to);

/** What was to be seen and heard from `from` to `to`. @param {{shown: Shown[], samples: Sample[]}} notes */
export function judge({ shown, samples }, from, to) {
  const frames = between(shown, from, to);
  const times = [from, ...frames.map(({ at }) => at), to];
  const [first, last] = [from, to].map((time) => samples.findLast(({ at }) => at <= time) ?? samples[0]);
  return {
    seconds: (to - from) / 1000,
    framesPerSecond: frames.length / ((to - from) / 1000),
    longestGapMs: Math.max(...times.slice(1).map((at, i) => at - times[i])), // the open ends count too
    layers: frames.filter(({ width }, i) => width !== frames[i - 1]?.width).map(({ at, width }) => ({ at, width })), // since when
    lagMs: Math.max(...frames.map(({ lag }) => lag)), // -Infinity without a frame
    freezes: last.freezes - first.freezes,
    packetsLost: last.packetsLost - first.packetsLost,
    concealed: (last.concealed - first.concealed) / Math.max(1, last.samples - first.samples),
    stallMs: Math.max(0, ...between(samples, from, to).map(({ late }) => late)), // of the page itself
  };
}
