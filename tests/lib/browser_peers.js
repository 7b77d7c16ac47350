// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { until } from './deadline.js';

/**
 * Participants that live in a page of a real browser and use rostrum.js directly. In the page: `window.peer` (Participation),
 * `window.video`.
 */

/** A blank page of the server's origin. */
export async function blankPage(context, rostrum) {
  const page = await context.newPage();
  await page.goto(new URL('/healthz', rostrum.url).href);
  return page;
}

/** @returns {Promise<import('playwright-core').Page>} a page whose camera and microphone are on air */
export async function hostPage(
  context,
  rostrum,
  roomId,
  { participantId = 'host', name = 'Ann', vp8Only = false, simulcast = false } = {},
) {
  const page = await blankPage(context, rostrum);
  if (vp8Only) await page.evaluate(forceVp8);
  await page.evaluate(
    async (options) => {
      const { joinAsHost, getCamera } = await import('/assets/rostrum.js');
      window.peer = await joinAsHost({ ...options, stream: await getCamera() });
    },
    { roomId, token: rostrum.hostToken(roomId), participantId, name, simulcast },
  );
  await mediaState(page, 'connected');
  return page;
}

/** @returns {Promise<import('playwright-core').Page>} a page (`page`, a blank one, or a new one) that plays the program; `videoCodec`: it takes no other ("VP8") */
export async function viewerPage(
  context,
  rostrum,
  roomId,
  { participantId = 'viewer', name = 'Vic', token = rostrum.viewerToken(roomId), limits, videoCodec, page } = {},
) {
  page ??= await blankPage(context, rostrum);
  if (videoCodec) await page.evaluate(takeOnly, videoCodec);
  await page.evaluate(
    async (options) => {
      const { joinAsViewer } = await import('/assets/rostrum.js');
      const video = Object.assign(document.createElement('video'), { autoplay: true, playsInline: true });
      document.body.append(video);
      window.video = video;
      window.peer = await joinAsViewer({ ...options, video });
      window.ended = null;
      window.peer.on('ended', (how) => (window.ended = { ...how, at: Date.now() }));
    },
    { roomId, token, participantId, name, limits },
  );
  return page;
}

function forceVp8() {
  const original = RTCRtpSender.getCapabilities.bind(RTCRtpSender);
  RTCRtpSender.getCapabilities = (kind) => {
    const capabilities = original(kind);
    return { ...capabilities, codecs: capabilities.codecs.filter((codec) => !/h264/i.test(codec.mimeType)) };
  };
}

/** Runs in a page. */
function takeOnly(codec) {
  const original = RTCPeerConnection.prototype.addTransceiver;
  RTCPeerConnection.prototype.addTransceiver = function (kind, ...rest) {
    const transceiver = original.call(this, kind, ...rest);
    const wanted = new RegExp(`^video/(${codec}|rtx)$`, 'i');
    if (kind === 'video') {
      const { codecs } = RTCRtpReceiver.getCapabilities('video');
      transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => wanted.test(mimeType)));
    }
    return transceiver;
  };
}

/** Waits for the own media connection's state. */
export function mediaState(page, wanted, timeoutMs = 15000) {
  return until(
    `media is ${wanted}`,
    () => page.evaluate((state) => [...(window.peer?.peers ?? [])].some((one) => one.state === state), wanted),
    timeoutMs,
  );
}

/** The interesting part of getStats() of the first peer of the page. */
export function stats(page) {
  return page.evaluate(async () => {
    const [peer] = window.peer.peers;
    const report = [...(await peer.pc.getStats()).values()];
    const of = (type, kind) => report.find((one) => one.type === type && (!kind || one.kind === kind));
    const video = of('inbound-rtp', 'video');
    const sent = of('outbound-rtp', 'video');
    const codec = report.find((one) => one.id === (video ?? sent)?.codecId);
    const { srtpCipher, dtlsState, tlsVersion } = of('transport') ?? {};
    return { video, audio: of('inbound-rtp', 'audio'), sent, codec: codec?.mimeType, srtpCipher, dtlsState, tlsVersion };
  });
}

/** The candidates that the page's first peer uses. @returns {Promise<{local: RTCIceCandidateStats, remote: RTCIceCandidateStats}>} */
export const candidatePair = (page) =>
  page.evaluate(async () => {
    const report = await [...window.peer.peers][0].pc.getStats();
    const transport = [...report.values()].find((one) => one.type === 'transport');
    const pair = report.get(transport.selectedCandidatePairId);
    return { local: report.get(pair.localCandidateId), remote: report.get(pair.remoteCandidateId) };
  });

/** Waits until the received sound is louder than silence. @returns {Promise<number>} RMS level, 0 to 1 */
export async function soundHeard(page, timeoutMs = 10000) {
  return until(
    'sound above silence',
    () =>
      page.evaluate(async () => {
        const [peer] = window.peer.peers;
        const report = [...(await peer.pc.getStats()).values()].find((one) => one.type === 'inbound-rtp' && one.kind === 'audio');
        // The energy counts what was decoded since the start: it does not depend on catching a beep.
        return report && report.totalSamplesDuration > 0 && Math.sqrt(report.totalAudioEnergy / report.totalSamplesDuration) > 0.002
          ? Math.sqrt(report.totalAudioEnergy / report.totalSamplesDuration)
          : 0;
      }),
    timeoutMs,
  );
}
