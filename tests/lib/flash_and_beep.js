// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { until } from './deadline.js';

/** Run in a page: its camera flashes and its microphone beeps at once, 400 ms on, 400 ms off. */
export function flashAndBeep() {
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
    const context = canvas.getContext('2d');
    const audio = new AudioContext();
    const output = audio.createMediaStreamDestination();
    const gain = audio.createGain();
    const tone = audio.createOscillator();
    gain.gain.value = 0;
    tone.connect(gain).connect(output);
    tone.start();
    const draw = () => {
      const now = performance.now();
      const on = Math.floor(now / 400) % 2 === 1;
      gain.gain.value = on ? 0.5 : 0;
      context.fillStyle = on ? '#fff' : '#000';
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.fillStyle = '#888';
      context.fillRect(now % 300, 0, 8, 8); // something moves, so that every frame is sent
    };
    setInterval(draw, 1000 / 60);
    return new MediaStream([...canvas.captureStream(30).getTracks(), ...output.stream.getTracks()]);
  };
}

/** What the page of watch() shows and plays: flashes and beeps as they begin, in `window.flashes` and `window.beeps` (ms). */
export const observeFlashes = (page) =>
  page.evaluate(() => {
    window.flashes = [];
    window.beeps = [];
    const rising = (times) => {
      let was = false;
      return (on, time) => {
        if (on && !was) times.push(time);
        was = on;
      };
    };
    const canvas = new OffscreenCanvas(16, 16).getContext('2d', { willReadFrequently: true });
    const seen = rising(window.flashes);
    const look = (_, frame) => {
      canvas.drawImage(window.video, 0, 0, 16, 16);
      seen(canvas.getImageData(8, 12, 1, 1).data[0] > 128, frame.expectedDisplayTime);
      window.video.requestVideoFrameCallback(look);
    };
    window.video.requestVideoFrameCallback(look);
    const audio = new AudioContext();
    const meter = new AnalyserNode(audio, { fftSize: 256 });
    audio.createMediaStreamSource(window.video.srcObject).connect(meter);
    const samples = new Float32Array(meter.fftSize);
    const heard = rising(window.beeps);
    setInterval(() => {
      meter.getFloatTimeDomainData(samples);
      heard(samples.some((sample) => Math.abs(sample) > 0.1), performance.now());
    }, 5);
  });

/** The median time from a flash to its beep, of the next ones to come. @returns {Promise<number>} ms */
export async function lipSkew(page, flashes = 8) {
  await page.bringToFront(); // behind another page Chromium may call requestVideoFrameCallback() for two frames a second only
  const from = await page.evaluate(() => performance.now());
  const recent = async () => {
    const all = await page.evaluate(() => ({ flashes: window.flashes, beeps: window.beeps }));
    const since = (times) => times.filter((time) => time > from);
    const found = { flashes: since(all.flashes), beeps: since(all.beeps) };
    return found.flashes.length > flashes && found.beeps.length > flashes && found;
  };
  const { flashes: seen, beeps } = await until('flashes and beeps', recent, 30_000);
  const nearest = (flash) => beeps.map((beep) => beep - flash).reduce((a, b) => (Math.abs(b) < Math.abs(a) ? b : a));
  const skews = seen.map(nearest).sort((a, b) => a - b);
  return skews[Math.floor(skews.length / 2)];
}
