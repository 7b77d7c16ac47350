// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

import { within } from './deadline.js';

const kTermMs = 10000; // a program that does not end by itself by then is killed, and that is a failure

/** A program under test: its lines, its end. Ended by its pid only. */
export class Program extends EventEmitter {
  lines = [];
  stderr = '';
  exited = false;

  /** @param {string} file @param {string[]} args @param {{env?: object, cwd?: string, stdin?: 'ignore'|'pipe'}} [options] */
  constructor(file, args, { env = {}, cwd, stdin = 'ignore' } = {}) {
    super();
    this.name = path.basename(file);
    this.child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: [stdin, 'pipe', 'pipe'] });
    this.pid = this.child.pid;
    readline.createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.lines.push(line);
      this.emit('line', line);
    });
    this.child.stderr.on('data', (data) => {
      this.stderr += data;
      if (process.env.TEST_VERBOSE) process.stderr.write(data);
    });
    this.ended = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => {
        this.exited = true;
        resolve({ code, signal });
      });
      this.child.once('error', (error) => {
        this.exited = true;
        this.stderr += error.message;
        resolve({ code: -1, signal: null, error });
      });
    });
  }

  /** The first line that matches, seen or to come. @param {RegExp} pattern @returns {Promise<RegExpMatchArray>} */
  async line(pattern, timeoutMs = 15000) {
    const find = () => this.lines.map((line) => line.match(pattern)).find(Boolean);
    const wait = async () => {
      for (;;) {
        const match = find();
        if (match) return match;
        if (this.exited) throw new Error(`${this.name} ended before it said ${pattern}:\n${this.stderr}`);
        await Promise.race([once(this, 'line'), this.ended]);
      }
    };
    return within(`${this.name} says ${pattern}`, wait(), timeoutMs);
  }

  /** Asks it to end and waits. @returns {Promise<{code: number, signal: string|null}>} */
  async stop(signal = 'SIGTERM') {
    if (!this.exited) this.child.kill(signal);
    try {
      return await within(`${this.name} ends after ${signal}`, this.ended, kTermMs);
    } catch (error) {
      this.child.kill('SIGKILL');
      await this.ended;
      throw error;
    }
  }
}

/** Runs a program to its end. @returns {Promise<{code: number, stdout: string, stderr: string}>} */
export async function run(file, args, { timeoutMs = 60000, ...options } = {}) {
  const program = new Program(file, args, options);
  try {
    const { code, error } = await within(`${program.name} ${args.slice(0, 2).join(' ')}`, program.ended, timeoutMs);
    if (error) throw error;
    return { code, stdout: program.lines.join('\n'), stderr: program.stderr };
  } finally {
    if (!program.exited) program.child.kill('SIGKILL');
  }
}

/** A directory that is gone after the test. */
export function temporaryDirectory(name) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), `rostrum-${name}-`));
  return { path: directory, remove: () => fs.rmSync(directory, { recursive: true, force: true, maxRetries: 20 }) };
}

/** Ports that were free a moment ago, for servers that cannot bind port 0 themselves. @param {number} n */
export async function freePorts(n) {
  const servers = await Promise.all(
    Array.from({ length: n }, async () => {
      const server = net.createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** What a process holds: to compare before and after. @param {number} pid */
export function holdings(pid) {
  const fds = fs.readdirSync(`/proc/${pid}/fd`).length;
  const threads = fs.readdirSync(`/proc/${pid}/task`).length;
  return { fds, threads };
}

/** Children of a process by name. @param {number} pid @param {string} name */
export function childrenOf(pid, name) {
  return fs
    .readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => {
      try {
        const stat = fs.readFileSync(`/proc/${entry}/stat`, 'utf8');
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const file = fs.readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0')[0];
        return Number(parent) === pid && state !== 'Z' && path.basename(file) === name;
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Not gone, and not only waiting to be reaped by whoever inherited it. @param {number} pid */
export function isRunning(pid) {
  try {
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** @param {number} pid @returns {string[]} */
export function commandLine(pid) {
  return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
}

/** Pids of session processes, whoever started them. @param {(words: string[]) => boolean} isWanted of its command line */
export function sessionProcesses(isWanted) {
  const isSession = (pid) => {
    try {
      const words = commandLine(pid);
      return path.basename(words[0]) === 'rostrum-session' && isWanted(words);
    } catch {
      return false;
    }
  };
  return fs
    .readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && isSession(entry))
    .map(Number);
}

/** Pid of the process of a session. @param {string} sessionId @returns {number|undefined} */
export const sessionProcess = (sessionId) => sessionProcesses((words) => words.includes(sessionId))[0];

/** UDP ports that the processes have open. @param {number[]} pids */
export function udpPorts(pids) {
  const sockets = new Set();
  for (const pid of pids) {
    for (const fd of fs.readdirSync(`/proc/${pid}/fd`)) {
      try {
        const match = fs.readlinkSync(`/proc/${pid}/fd/${fd}`).match(/^socket:\[(\d+)\]$/);
        if (match) sockets.add(match[1]);
      } catch {
        // closed meanwhile
      }
    }
  }
  const rows = fs
    .readFileSync('/proc/net/udp', 'utf8')
    .split('\n')
    .slice(1)
    .map((row) => row.trim().split(/\s+/));
  return rows.filter((row) => sockets.has(row[9])).map((row) => parseInt(row[1].split(':')[1], 16));
}

/** CPU seconds and resident KiB of a process so far. @param {number} pid */
export function usage(pid) {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  const kTicksPerSecond = 100; // USER_HZ is 100 on every Linux ABI in use
  return { cpu: (Number(fields[11]) + Number(fields[12])) / kTicksPerSecond, rssKib: Number(status.match(/VmRSS:\s+(\d+)/)[1]) };
}
