// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';

import { until } from './deadline.js';

/**
 * Pages of a real browser that speak WHIP and WHEP with nothing but fetch() and RTCPeerConnection: for elements that run without
 * the launcher. In the page: `window.pc`, `window.resource` and, for watchers, `window.video`.
 */

/**
 * An origin for the pages: 127.0.0.1 is a secure context, so that the camera is there.
 * @param {Record<string, string>} [scripts] path in the URL → file
 */
export async function blankOrigin(scripts = {}) {
  const server = http.createServer((request, response) => {
    const script = scripts[request.url];
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html').end(script ? fs.readFileSync(script) : '<!doctype html>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

/**
 * Publishes camera and microphone.
 * @param {import('playwright-core').Page} page on a blankOrigin
 * @param {string} url WHIP endpoint
 * @param {{codec?: string, simulcast?: boolean, width?: number, height?: number, token?: string}} [options] `codec`: only this one is offered
 * @returns {Promise<{status: number, answer: string, location: string|null}>}
 */
export function publish(page, url, options = {}) {
  return page.evaluate(
    async ({ url, codec, simulcast, width = 640, height = 480, token }) => {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { width, height, frameRate: 30 }, audio: true });
      const pc = (window.pc = new RTCPeerConnection());
      window.stream = stream;
      pc.addTransceiver(stream.getAudioTracks()[0], { direction: 'sendonly', streams: [stream] });
      const layers = [
        { rid: 'q', scaleResolutionDownBy: 4 },
        { rid: 'h', scaleResolutionDownBy: 2 },
        { rid: 'f', scaleResolutionDownBy: 1 },
      ];
      const video = pc.addTransceiver(stream.getVideoTracks()[0], {
        direction: 'sendonly',
        streams: [stream],
        ...(simulcast ? { sendEncodings: layers } : {}),
      });
      if (codec) {
        const kept = RTCRtpSender.getCapabilities('video').codecs.filter((one) =>
          [`video/${codec}`, 'video/rtx'].some((type) => type.toLowerCase() === one.mimeType.toLowerCase()),
        );
        video.setCodecPreferences(kept);
      }
      await pc.setLocalDescription();
      const headers = { 'content-type': 'application/sdp', ...(token && { authorization: `Bearer ${token}` }) };
      const response = await fetch(url, { method: 'POST', headers, body: pc.localDescription.sdp });
      const answer = await response.text();
      const location = response.headers.get('location');
      window.resource = location && new URL(location, url).href;
      if (response.status === 201) await pc.setRemoteDescription({ type: 'answer', sdp: answer });
      return { status: response.status, answer, location };
    },
    { url, ...options },
  );
}

/**
 * Plays a WHEP endpoint.
 * @param {import('playwright-core').Page} page on a blankOrigin @param {string} url
 * @param {{configuration?: RTCConfiguration, withoutUdp?: boolean, token?: string}} [options] `withoutUdp`: UDP candidates in the answer are not heeded
 * @returns {Promise<{status: number, answer: string}>}
 */
export function watch(page, url, options = {}) {
  return page.evaluate(async ({ endpoint, configuration, withoutUdp, token }) => {
    const pc = (window.pc = new RTCPeerConnection(configuration));
    const video = (window.video = Object.assign(document.createElement('video'), { autoplay: true, playsInline: true }));
    document.body.append(video);
    const stream = new MediaStream();
    pc.ontrack = ({ track }) => {
      stream.addTrack(track);
      video.srcObject = stream;
    };
    pc.addTransceiver('audio', { direction: 'recvonly' });
    pc.addTransceiver('video', { direction: 'recvonly' });
    await pc.setLocalDescription();
    window.authorization = token && { authorization: `Bearer ${token}` };
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp', ...window.authorization },
      body: pc.localDescription.sdp,
    });
    const answer = await response.text();
    const location = response.headers.get('location');
    window.resource = location && new URL(location, endpoint).href;
    window.etag = response.headers.get('etag');
    const sdp = withoutUdp ? answer.replaceAll(/^a=candidate:\S+ \d+ udp .*\r\n/gm, '') : answer;
    if (response.status === 201) await pc.setRemoteDescription({ type: 'answer', sdp });
    return { status: response.status, answer };
  }, { endpoint: url, ...options });
}

/**
 * Restarts ICE of what watch() began, by PATCH (RFC 9725 §4.3.3).
 * @returns {Promise<{status: number, etagBefore: string, etag: string, late: number, trickled: number}>} `late`, `trickled`: the
 * status of a PATCH with a candidate for the session of before, and for the new one
 */
export const restartIce = (page) =>
  page.evaluate(async () => {
    const { pc } = window;
    const line = (sdp, name) => sdp.match(new RegExp(`^a=${name}:.*$`, 'm'))[0].trim();
    const patch = (body, etag) =>
      fetch(window.resource, {
        method: 'PATCH',
        headers: { 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': etag, ...window.authorization },
        body,
      });
    const candidate = 'm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 udp 1 4c8f.local 9 typ host\r\n';
    const credentials = (sdp) => `${line(sdp, 'ice-ufrag')}\r\n${line(sdp, 'ice-pwd')}\r\n`;
    const before = credentials(pc.localDescription.sdp);
    pc.restartIce();
    await pc.setLocalDescription();
    const response = await patch(credentials(pc.localDescription.sdp) + candidate, '*');
    const fragment = await response.text();
    const { etag: etagBefore } = window;
    window.etag = response.headers.get('etag');
    if (response.status !== 200) return { status: response.status };
    const sdp = pc.currentRemoteDescription.sdp
      .replaceAll(/^a=ice-ufrag:.*$/gm, line(fragment, 'ice-ufrag'))
      .replaceAll(/^a=ice-pwd:.*$/gm, line(fragment, 'ice-pwd'));
    await pc.setRemoteDescription({ type: 'answer', sdp });
    const late = await patch(before + candidate, etagBefore);
    const trickled = await patch(credentials(pc.localDescription.sdp) + candidate, window.etag);
    return { status: response.status, etagBefore, etag: window.etag, late: late.status, trickled: trickled.status };
  });

/** Waits until the page's connection is in `wanted` state. */
export const connection = (page, wanted, timeoutMs = 15000) =>
  until(`connection is ${wanted}`, () => page.evaluate((state) => window.pc?.connectionState === state, wanted), timeoutMs);

/** Waits until what the page hears is louder than silence. */
export const soundHeard = (page, timeoutMs = 15000) =>
  until(
    'sound above silence',
    () =>
      page.evaluate(async () => {
        const report = [...(await window.pc.getStats()).values()].find((one) => one.type === 'inbound-rtp' && one.kind === 'audio');
        return report?.totalSamplesDuration > 0 && Math.sqrt(report.totalAudioEnergy / report.totalSamplesDuration) > 0.002;
      }),
    timeoutMs,
  );

/** One report of getStats(), with the codec's MIME type in `codec`. @param {'inbound-rtp'|'outbound-rtp'|'remote-inbound-rtp'} type */
export const rtpStats = (page, type, kind = 'video') =>
  page.evaluate(
    async ([wanted, medium]) => {
      const reports = [...(await window.pc.getStats()).values()];
      const found = reports.filter((one) => one.type === wanted && one.kind === medium);
      return found.map((one) => ({ ...one, codec: reports.find((codec) => codec.id === one.codecId)?.mimeType }));
    },
    [type, kind],
  );

/** The candidates that media uses. @returns {Promise<{local: RTCIceCandidateStats, remote: RTCIceCandidateStats}>} */
export const selectedPair = (page) =>
  page.evaluate(async () => {
    const report = await window.pc.getStats();
    const transport = [...report.values()].find((one) => one.type === 'transport');
    const pair = report.get(transport.selectedCandidatePairId);
    return { local: report.get(pair.localCandidateId), remote: report.get(pair.remoteCandidateId) };
  });
