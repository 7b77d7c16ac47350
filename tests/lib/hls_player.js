// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import path from 'node:path';

import { blankPage } from './browser_peers.js';

const kHlsJs = path.resolve(import.meta.dirname, '../node_modules/hls.js/dist/hls.min.js');

/** A page that plays `url` with hls.js, or natively. In the page: `window.video`, `window.hls`, `window.errors`. */
export async function hlsPage(context, rostrum, url, { native = false, muted = true, config = {} } = {}) {
  const page = await blankPage(context, rostrum);
  if (!native) await page.addScriptTag({ path: kHlsJs });
  await page.evaluate(
    async (options) => {
      const video = Object.assign(document.createElement('video'), { muted: options.muted, autoplay: true, playsInline: true, crossOrigin: 'anonymous' });
      document.body.append(video);
      Object.assign(window, { video, errors: [] });
      video.addEventListener('error', () => window.errors.push(video.error.message));
      if (options.native) {
        video.src = options.url;
        return;
      }
      window.hls = new window.Hls({ lowLatencyMode: true, ...options.config });
      window.hls.on(window.Hls.Events.ERROR, (_, { details, fatal, reason, response }) => window.errors.push(`${fatal ? 'fatal ' : ''}${details} ${reason ?? ''} ${response?.code ?? ''}`));
      window.hls.loadSource(options.url);
      window.hls.attachMedia(video);
    },
    { url, native, muted, config },
  );
  return page;
}
