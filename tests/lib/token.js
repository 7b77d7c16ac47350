// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import crypto from 'node:crypto';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * Mints an HS256 token like an app server does.
 * @param {{key: string, secret: string}} credentials @param {object} [claims] added to, and winning over, the defaults
 */
export function mint({ key, secret }, claims = {}) {
  const now = Math.floor(Date.now() / 1000);
  const payload = { apikey: key, permissions: ['allow_join', 'allow_mod'], version: 2, iat: now, exp: now + 7200, ...claims };
  const head = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(payload)}`;
  return `${head}.${crypto.createHmac('sha256', secret).update(head).digest('base64url')}`;
}
