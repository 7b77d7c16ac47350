// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import path from 'node:path';

import { Program } from './process.js';

/** A pipeline in gst-launch-1.0 with the plugins of the build tree, its messages on stdout. Stop it with SIGINT. */
export class GstLaunch extends Program {
  /** @param {string} description the pipeline, elements and links separated by blanks @param {{env?: object}} [options] */
  constructor(description, { env = {} } = {}) {
    const build = process.env.ROSTRUM_BUILD_DIR;
    super('gst-launch-1.0', ['-m', '--no-position', ...description.split(/\s+/)], {
      env: {
        GST_PLUGIN_PATH: path.join(build, 'plugins'),
        GST_REGISTRY: process.env.GST_REGISTRY ?? path.join(build, 'gst-registry.bin'),
        GST_REGISTRY_FORK: 'no',
        ...env,
      },
    });
  }

  /** Where an element listens that was given port 0. @param {string} element factory name */
  async listening(element) {
    const [, uri] = await this.line(new RegExp(`${element}-listening, uri=\\(string\\)"?([^";]+)`));
    return uri.replaceAll('\\', '');
  }

  /** Waits for a streamsrc-state message, seen or to come. */
  state(state, timeoutMs) {
    return this.line(new RegExp(`streamsrc-state, state=\\(string\\)${state}`), timeoutMs);
  }

  stop() {
    return super.stop('SIGINT');
  }
}
