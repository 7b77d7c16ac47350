// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

const kLinkValue = /<([^>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]*))*)/g;
const kParameter = /;\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))/g;

/**
 * The STUN and TURN servers in the Link headers of a WHIP or WHEP answer (RFC 9725 section 4.6).
 * @param {string|null} link all of them, as `Headers.get` joins them @returns {RTCIceServer[]}
 */
export function iceServersOf(link) {
  return [...(link ?? '').matchAll(kLinkValue)].flatMap(([, urls, parameters]) => {
    const { rel, username, credential } = Object.fromEntries(
      [...parameters.matchAll(kParameter)].map(([, name, quoted, bare]) => [name, quoted?.replace(/\\(.)/g, '$1') ?? bare]),
    );
    if (rel !== 'ice-server') return [];
    return [username === undefined ? { urls } : { urls, username, credential }];
  });
}
