// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import path from 'node:path';

import { buildSync } from 'esbuild';

import { temporaryDirectory } from './process.js';

/**
 * One ES module out of npm packages, unchanged, for a page.
 * @param {string} source what it exports, e.g. "export { WHIPClient } from '@eyevinn/whip-web-client'"
 * @returns {{file: string, remove: () => void}}
 */
export function browserBundle(source) {
  const directory = temporaryDirectory('bundle');
  const file = path.join(directory.path, 'bundle.js');
  buildSync({
    stdin: { contents: source, resolveDir: path.resolve(import.meta.dirname, '..') },
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'error',
  });
  return { file, remove: () => directory.remove() };
}
