// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import { until } from './deadline.js';
import { temporaryDirectory } from './process.js';
import { kBuild } from './rostrum.js';

const run = promisify(execFile);

/** What is wrong with versions of one playlist, in their order, by the strict reader. @param {string[]} texts @returns {Promise<string[]>} */
export async function playlistErrors(...texts) {
  const directory = temporaryDirectory('playlists');
  try {
    const files = texts.map((text, i) => {
      const file = path.join(directory.path, `${String(i).padStart(4, '0')}.m3u8`);
      fs.writeFileSync(file, text);
      return file;
    });
    await run(path.join(kBuild, 'tests/unit/hls/check-playlist'), files);
    return [];
  } catch (error) {
    return (error.stdout || error.message).split('\n').filter(Boolean);
  } finally {
    directory.remove();
  }
}

/** @returns {Promise<{status: number, headers: Headers, text: string}>} */
export async function get(url) {
  const response = await fetch(url);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The URIs of the media playlists of a multivariant playlist. */
export const variantsOf = (text, url) =>
  text
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => new URL(line, url).href);

/** Of a media playlist: the next part that is not there yet. @returns {{msn: number, part: number}} */
export function nextPart(text) {
  const [, msn, part] = text.match(/#EXT-X-PRELOAD-HINT:TYPE=PART,URI="s(\d+)\.(\d+)\.m4s"/);
  return { msn: Number(msn), part: Number(part) };
}

/** Starts HLS in a room and waits until it can be played. */
export async function startHls(rostrum, roomId, body = {}) {
  const started = await rostrum.ok('POST', '/v2/hls/start', { roomId, ...body });
  await until('the playlist is there', async () => (await fetch(started.playbackHlsUrl)).status === 200, 20000);
  return started;
}
