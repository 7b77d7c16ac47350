// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import path from 'node:path';

import { Program, run } from './process.js';
import { within } from './deadline.js';
import { kBuild } from './rostrum.js';

export const kJob = path.join(kBuild, 'tools/rostrum/job/rostrum-job');

/** Runs a job to its end, with files that may grow to `fileKib` only. @returns {Promise<{code: number, lines: object[], result?: object, error?: string, permanent?: boolean}>} */
export async function runJob(document, { timeoutMs = 60000, fileKib } = {}) {
  const limited = ['-c', `ulimit -f ${fileKib}; exec ${kJob}`]; // bash counts in KiB
  const program = new Program(fileKib ? 'bash' : kJob, fileKib ? limited : [], {
    stdin: 'pipe',
    env: { GST_REGISTRY: path.join(kBuild, 'gst-registry.bin') },
  });
  program.child.stdin.end(JSON.stringify(document));
  const { code, signal } = await within(`job ${document.kind}`, program.ended, timeoutMs);
  const lines = program.lines.map((line) => JSON.parse(line));
  return { code, signal, lines, stderr: program.stderr, ...lines.at(-1) };
}

/** Runs a pipeline of stock elements to its end; it writes a file. */
export async function makeFile(description) {
  const { code, stderr } = await run('gst-launch-1.0', ['-q', ...description.trim().split(/\s+/)], {
    env: { GST_REGISTRY: path.join(kBuild, 'gst-registry.bin') },
  });
  if (code) throw new Error(`gst-launch-1.0: ${stderr}`);
}

/** Every packet with times, flags and a hash of its bytes. */
export async function packets(file, kind) {
  const entries = 'packet=pts_time,dts_time,size,flags,data_hash';
  const { code, stdout, stderr } = await run('ffprobe', [
    ...['-v', 'error', '-select_streams', `${kind}:0`, '-show_entries', entries],
    ...['-show_data_hash', 'md5', '-of', 'csv=p=0', file],
  ]);
  if (code) throw new Error(`ffprobe ${file}: ${stderr}`);
  return stdout.split('\n').filter(Boolean);
}
