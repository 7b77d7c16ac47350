// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import crypto from 'node:crypto';
import net from 'node:net';
import path from 'node:path';

import { until } from './deadline.js';
import { freePorts, Program, temporaryDirectory } from './process.js';

/** A real coturn on loopback that takes credentials of limited life (`use-auth-secret`). */
export class Coturn {
  secret = crypto.randomBytes(16).toString('hex');

  static async start() {
    const coturn = new Coturn();
    coturn.directory = temporaryDirectory('coturn');
    [coturn.port] = await freePorts(1);
    const file = (name) => path.join(coturn.directory.path, name);
    coturn.program = new Program('/usr/bin/turnserver', [
      ...['-n', '--no-cli', '--no-tls', '--no-dtls', '--no-multicast-peers', '--allow-loopback-peers', '--verbose', '--log-file=stdout'],
      ...['--listening-ip=127.0.0.1', `--listening-port=${coturn.port}`, '--relay-ip=127.0.0.1', '--relay-threads=1'],
      ...['--use-auth-secret', `--static-auth-secret=${coturn.secret}`, '--realm=rostrum.test', '--fingerprint'],
      ...['--denied-peer-ip=0.0.0.0-255.255.255.255', '--denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
      '--allowed-peer-ip=127.0.0.1', // as docs/reach.md says: to nobody but the server
      ...[`--pidfile=${file('pid')}`, `--userdb=${file('db')}`],
    ]);
    await until('coturn accepts connections', () =>
      coturn.program.exited ? Promise.reject(new Error(coturn.program.lines.join('\n'))) : reachable(coturn.port),
    );
    return coturn;
  }

  /** @param {'udp'|'tcp'} transport between browser and coturn */
  uri(transport) {
    return `turn:127.0.0.1:${this.port}?transport=${transport}`;
  }

  /** Credentials as the server mints them, or as somebody without its secret would. */
  credentials(username, secret = this.secret) {
    return { username, credential: crypto.createHmac('sha1', secret).update(username).digest('base64') };
  }

  /** What coturn's log says about a user. @param {string} username */
  said(username) {
    return this.program.lines.filter((line) => line.includes(`user <${username}>`));
  }

  async stop() {
    await this.program.stop();
    this.directory.remove();
  }
}

function reachable(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
