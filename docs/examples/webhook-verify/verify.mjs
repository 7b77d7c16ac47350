// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Node.js 18 or later, nothing else. Either signature is enough: the HMAC one also proves when it was sent.

import { createHmac, timingSafeEqual, verify } from 'node:crypto';

/**
 * Throws unless the webhook is signed with one of the secrets and new.
 * @param {Buffer} body as it came: parse it afterwards
 * @param {Record<string, string>} headers names in lower case, as of node:http
 * @param {string[]} secrets 'whsec_…'; two while one replaces the other
 */
export function verifyHmac(body, headers, secrets, { toleranceSeconds = 300, nowMs = Date.now() } = {}) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  if (!id || !timestamp || !signatures) throw new Error('the webhook is not signed');
  if (!/^\d{1,15}$/.test(timestamp) || Math.abs(nowMs / 1000 - Number(timestamp)) > toleranceSeconds) throw new Error('the webhook is too old');
  const matches = secrets.some((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    const expected = Buffer.from(`v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`);
    return signatures.split(' ').some((one) => Buffer.byteLength(one) === expected.length && timingSafeEqual(Buffer.from(one), expected));
  });
  if (!matches) throw new Error('the webhook is signed with another secret, or was changed');
}

/**
 * Throws unless the body is signed with the RSA key.
 * @param {string} publicKey PEM, from /v2/public/rsa-public-key
 */
export function verifyRsa(body, headers, publicKey) {
  const signature = Buffer.from(headers['videosdk-signature'] ?? '', 'base64');
  if (!verify('RSA-SHA256', body, publicKey, signature)) throw new Error('the webhook is signed with another key, or was changed');
}

// `node verify.mjs 'name: value'… < body` with WEBHOOK_SECRET or WEBHOOK_PUBLIC_KEY in the environment.
if (process.argv[1] === (await import('node:url')).fileURLToPath(import.meta.url)) {
  const headers = Object.fromEntries(process.argv.slice(2).map((line) => line.split(/: (.*)/s).slice(0, 2)));
  const body = (await import('node:fs')).readFileSync(0);
  const { WEBHOOK_SECRET, WEBHOOK_PUBLIC_KEY } = process.env;
  try {
    if (WEBHOOK_SECRET) verifyHmac(body, headers, WEBHOOK_SECRET.split(' '));
    if (WEBHOOK_PUBLIC_KEY) verifyRsa(body, headers, WEBHOOK_PUBLIC_KEY);
    if (!WEBHOOK_SECRET && !WEBHOOK_PUBLIC_KEY) throw new Error('set WEBHOOK_SECRET or WEBHOOK_PUBLIC_KEY');
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
