// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { run } from '../../lib/process.js';

/** Runs `gst-launch-1.0 -q LINE` to its end. @returns {Promise<{code: number, stdout: string, stderr: string}>} */
export function launch(line) {
  const runtime = process.env.SANITIZER_RUNTIME;
  return run('gst-launch-1.0', ['-q', ...line.trim().split(/\s+/)], { env: runtime ? { LD_PRELOAD: runtime } : {} });
}
