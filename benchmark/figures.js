// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later
import os from 'node:os';

/** Nearest-rank percentile. @param {number[]} values @param {number} p 0 to 100 */
export function percentile(values, p) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)];
}

/** A Markdown table on stdout. @param {string[]} head @param {(string|number)[][]} rows */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  console.log([line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n'));
}

/** What the figures were taken on. */
export function machine() {
  const [cpu] = os.cpus();
  return `${os.cpus().length} x ${cpu.model.trim()}, load ${os.loadavg()[0].toFixed(1)}, Node ${process.version}`;
}
