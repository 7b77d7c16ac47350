// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';

import WebSocket from 'ws';

import { within } from './deadline.js';
import { Program, temporaryDirectory } from './process.js';

const kPreferences = {
  // WebRTC with a server on this machine, and sound without a gesture.
  'media.peerconnection.ice.loopback': true,
  'media.autoplay.default': 0,
  // Nothing leaves this machine: whatever is not on loopback goes to a proxy that does not exist.
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': 9,
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': 9,
  'network.proxy.no_proxies_on': '127.0.0.1, localhost, [::1]',
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'services.settings.server': 'data:,',
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.server': 'data:,',
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
};

/** WebDriver BiDi (https://w3c.github.io/webdriver-bidi/): commands out, their results in. */
class Bidi {
  #socket;
  #waiting = new Map();
  #lastId = 0;

  static async connect(url) {
    const bidi = new Bidi();
    bidi.#socket = new WebSocket(url);
    bidi.#socket.on('message', (data) => bidi.#take(JSON.parse(data)));
    await within('WebDriver BiDi answers', once(bidi.#socket, 'open'));
    await bidi.send('session.new', { capabilities: {} });
    return bidi;
  }

  send(method, params) {
    const id = ++this.#lastId;
    const answer = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#socket.send(JSON.stringify({ id, method, params }));
    return within(method, answer, 30000);
  }

  /** Calls a function of one string in a browsing context. */
  async call(context, functionDeclaration, text) {
    const { result, exceptionDetails } = await this.send('script.callFunction', {
      functionDeclaration,
      arguments: [{ type: 'string', value: text }],
      target: { context },
      awaitPromise: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return result;
  }

  close() {
    this.#socket.close();
  }

  #take(message) {
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return; // an event
    this.#waiting.delete(message.id);
    if (message.type === 'success') waiting.resolve(message.result);
    else waiting.reject(new Error(`${message.error}: ${message.message}`));
  }
}

/**
 * To a page that may hear the microphone Firefox shows all addresses; to others that of the default route only, and no loopback.
 * @param {Bidi} bidi @param {string} origin
 */
async function allowMicrophone(bidi, origin) {
  const { contexts } = await bidi.send('browsingContext.getTree', { 'moz:scope': 'chrome', maxDepth: 0 });
  await bidi.call(contexts[0].context, '(url) => Services.perms.addFromPrincipal(Services.scriptSecurityManager.createContentPrincipalFromOrigin(url), "microphone", Services.perms.ALLOW_ACTION)', origin);
}

/** As much of playwright's Page as the helpers of whip_whep_page.js need. */
class Page {
  /** @param {Bidi} bidi @param {string} context */
  constructor(bidi, context) {
    this.bidi = bidi;
    this.context = context;
  }

  async goto(url) {
    await allowMicrophone(this.bidi, new URL(url).origin);
    await this.bidi.send('browsingContext.navigate', { context: this.context, url, wait: 'complete' });
  }

  /** Runs `work(argument)` in the page; what goes in and comes out is JSON. */
  async evaluate(work, argument) {
    const wrapped = `async (text) => JSON.stringify(await (${work})(text === '' ? undefined : JSON.parse(text)))`;
    const result = await this.bidi.call(this.context, wrapped, argument === undefined ? '' : JSON.stringify(argument));
    return result.type === 'undefined' ? undefined : JSON.parse(result.value);
  }

  close() {
    return this.bidi.send('browsingContext.close', { context: this.context });
  }
}

/** A Firefox without a window, with a fresh profile, that reaches nothing but this machine. */
export async function launchFirefox() {
  const profile = temporaryDirectory('firefox');
  const lines = Object.entries(kPreferences).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`);
  fs.writeFileSync(path.join(profile.path, 'user.js'), lines.join(''));
  const program = new Program('firefox-esr', ['--headless', '--no-remote', '--profile', profile.path, '--remote-debugging-port=0', '--remote-allow-system-access'], {
    env: { HOME: profile.path, MOZ_CRASHREPORTER_DISABLE: '1' },
  });
  const listening = new Promise((resolve) =>
    program.child.stderr.on('data', () => {
      const match = program.stderr.match(/WebDriver BiDi listening on (\S+)/);
      if (match) resolve(match[1]);
    }),
  );
  const bidi = await Bidi.connect(`${await within('Firefox starts', listening, 30000)}/session`);
  return {
    async newPage() {
      const { context } = await bidi.send('browsingContext.create', { type: 'tab' });
      return new Page(bidi, context);
    },
    async close() {
      bidi.close();
      await program.stop();
      profile.remove();
    },
  };
}
