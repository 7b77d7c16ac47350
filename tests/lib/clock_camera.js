// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

const kFields = { columns: 4, rows: 3, margin: 0.25 }; // of each edge: white, whatever a tile cuts off
const kTickMs = 20; // 2^12 of them are 82 s

/** Runs in a page before its scripts: its camera shows the time in white and black fields (16:9), its microphone hums. */
export function clockCamera({ columns, rows, margin, tickMs, width = 1024, height = 576 }) {
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const context = canvas.getContext('2d');
    const stream = canvas.captureStream(0);
    setInterval(() => {
      const ticks = Math.floor(Date.now() / tickMs);
      context.fillStyle = '#fff';
      context.fillRect(0, 0, width, height);
      context.fillStyle = '#000';
      const [w, h] = [(width * (1 - 2 * margin)) / columns, (height * (1 - 2 * margin)) / rows];
      for (let bit = 0; bit < columns * rows; bit++)
        if (!((ticks >> bit) & 1)) context.fillRect(width * margin + w * (bit % columns), height * margin + h * Math.floor(bit / columns), w, h);
      stream.getVideoTracks()[0].requestFrame();
    }, 1000 / 30);
    const audio = new AudioContext();
    const output = audio.createMediaStreamDestination();
    const tone = audio.createOscillator();
    tone.connect(output);
    tone.start();
    return new MediaStream([...stream.getVideoTracks(), ...output.stream.getTracks()]);
  };
}
clockCamera.options = { ...kFields, tickMs: kTickMs };

/** In `window.latencies` of the page: how old each picture of `window.video` is when it is shown, in ms. */
export const observeClock = (page) =>
  page.evaluate(({ columns, rows, margin, tickMs }) => {
    window.latencies = [];
    const [width, height] = [320, 180];
    const canvas = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    const look = (now, frame) => {
      window.video.requestVideoFrameCallback(look);
      canvas.drawImage(window.video, 0, 0, width, height);
      const { data } = canvas.getImageData(0, 0, width, height);
      let ticks = 0;
      for (let bit = 0; bit < columns * rows; bit++) {
        const x = margin + ((1 - 2 * margin) * ((bit % columns) + 0.5)) / columns;
        const y = margin + ((1 - 2 * margin) * (Math.floor(bit / columns) + 0.5)) / rows;
        if (data[4 * (Math.round(y * height) * width + Math.round(x * width))] > 128) ticks |= 1 << bit;
      }
      const shownAt = performance.timeOrigin + frame.expectedDisplayTime;
      const wrap = tickMs * 2 ** (columns * rows);
      window.latencies.push((((shownAt - ticks * tickMs) % wrap) + wrap) % wrap);
    };
    window.video.requestVideoFrameCallback(look);
  }, clockCamera.options);
