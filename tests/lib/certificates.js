// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import fs from 'node:fs';
import path from 'node:path';

import { run, temporaryDirectory } from './process.js';

const openssl = async (...args) => {
  const { code, stderr } = await run('openssl', args);
  if (code) throw new Error(stderr);
};

/** An authority of the test's own, that issues certificates. */
export class Authority {
  static async create() {
    const authority = new Authority();
    authority.directory = temporaryDirectory('authority');
    authority.file = authority.#path('authority.pem');
    const [key, subject] = [authority.#path('authority.key'), '/CN=authority of a test'];
    await openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      subject,
      '-keyout',
      key,
      '-out',
      authority.file,
    );
    return authority;
  }

  /** What tls.createServer takes. @param {string} names as in subjectAltName: "DNS:localhost,IP:127.0.0.1" @param {{days?: number}} [options] */
  async issue(names, { days = 1 } = {}) {
    const [key, request, file, extensions] = ['key', 'request', 'pem', 'extensions'].map((kind) => this.#path(`issued.${kind}`));
    fs.writeFileSync(extensions, `subjectAltName=${names}\n`);
    await openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      '/CN=server',
      '-keyout',
      key,
      '-out',
      request,
    );
    const issuer = ['-CA', this.file, '-CAkey', this.#path('authority.key'), '-CAcreateserial'];
    await openssl('x509', '-req', '-in', request, ...issuer, '-days', String(days), '-extfile', extensions, '-out', file);
    return { key: fs.readFileSync(key), cert: fs.readFileSync(file) };
  }

  remove() {
    this.directory.remove();
  }

  #path(name) {
    return path.join(this.directory.path, name);
  }
}
