// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Everything that a test says to a `rostrum serve`, and hears from it, is held against its OpenAPI document. What is not as
// described fails the test that saw it, and its file: also where the test itself would have forgiven it.

import path from 'node:path';

import { OpenApi } from './openapi.js';

const kTextual = /^(application\/(json|sdp|trickle-ice-sdpfrag)|text\/(html|plain))\b/;

const kMostShown = 20;

const servers = new Map(); // origin → OpenApi
const faults = new Set();
const pending = new Set();

/** From now on what is said to this server is judged. @param {string} url @param {string} build its build tree */
export function judge(url, build) {
  if (servers.size === 0) start();
  const file = path.join(build, 'tools/rostrum/api/openapi/openapi.json');
  servers.set(new URL(url).origin, [...servers.values()].find((one) => one.file === file) ?? Object.assign(OpenApi.read(file), { file }));
}

/** Judges a webhook. @param {object} body @param {import('node:http').IncomingHttpHeaders} headers */
export const judgeWebhook = (body, headers) => note(anyApi()?.webhookFaults(body.webhookType, body, headers));

/** Judges a frame of an event connection. @param {object} message */
export const judgeEvent = (message) => note(anyApi()?.eventFaults(message));

const anyApi = () => [...servers.values()][0];

function note(found = []) {
  for (const fault of found) faults.add(fault);
}

function blame(found) {
  note(found);
  if (found.length > 0) throw new Error(`not as openapi.json describes it: ${found.join('; ')}`);
}

function start() {
  const original = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const response = await original(input, init);
    const request = { method: (init?.method ?? input.method ?? 'GET').toUpperCase(), url: new URL(input.url ?? input) };
    const api = servers.get(request.url.origin);
    if (!api || response.redirected) return response;
    const type = response.headers.get('content-type') ?? '';
    const body = kTextual.test(type) || !type ? await response.clone().text() : null;
    const sent = init?.body === undefined || typeof init.body === 'string' ? (init?.body ?? '') : null;
    const headers = new Headers(init?.headers ?? input.headers);
    if (typeof init?.body === 'string' && !headers.has('content-type')) headers.set('content-type', 'text/plain');
    blame(api.faults({ ...request, headers, body: sent }, { status: response.status, headers: response.headers, body }));
    return response;
  };
  process.on('exit', () => {
    if (faults.size === 0) return;
    process.exitCode = 1;
    const shown = [...faults].slice(0, kMostShown).map((fault) => `  ${fault}\n`);
    const more = faults.size > kMostShown ? `  and ${faults.size - kMostShown} more\n` : '';
    process.stderr.write(`Not as openapi.json describes it:\n${shown.join('')}${more}`);
  });
}

/** Judges what the pages of a browser say too. @param {import('playwright-core').BrowserContext} context */
export function listenTo(context) {
  context.on('response', (response) => {
    const { protocol, origin } = new URL(response.url());
    const api = protocol === 'blob:' ? undefined : servers.get(origin);
    if (!api) return;
    const work = judgePage(api, response).finally(() => pending.delete(work));
    pending.add(work);
  });
}

/** Until all that pages said is judged. */
export const judged = () => Promise.allSettled([...pending]);

/** What the server said: of what it has, a page is told 200 after a 304, and 206 (or 200 with the range) when it takes a piece of it itself. */
function said(status, asked, headers) {
  if (status === 200 && asked.has('if-none-match') && !headers.has('content-type')) return { status: 304, headers };
  if (![200, 206].includes(status) || headers.has('accept-ranges')) return { status, headers };
  headers.delete('content-range');
  return { status: 200, headers };
}

async function judgePage(api, response) {
  try {
    const request = response.request();
    const headers = new Headers(Object.entries(await response.allHeaders()).map(([name, value]) => [name, value.replaceAll('\n', ', ')]));
    const type = headers.get('content-type') ?? '';
    const body = kTextual.test(type) ? await response.text() : null;
    const sent = { method: request.method(), url: new URL(request.url()), headers: new Headers(await request.allHeaders()), body: request.postData() ?? '' };
    note(api.faults(sent, { ...said(response.status(), sent.headers, headers), body }).map((fault) => `in a page: ${fault}`));
  } catch {
    // the page was closed, or went elsewhere, before all of it was there
  }
}
