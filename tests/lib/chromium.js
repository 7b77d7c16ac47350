// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { chromium } from 'playwright-core';

import { judged, listenTo } from './conversations.js';
import { temporaryDirectory } from './process.js';

const kFlags = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream=fps=30',
];

/**
 * A Chromium with a fresh profile, a fake camera (30 fps) and a beeping microphone.
 * @param {{autoplay?: boolean, viewport?: {width: number, height: number}}} [options] `autoplay`: sound without a gesture
 */
export async function launchChromium({ autoplay = true, viewport = { width: 1280, height: 800 }, flags = [] } = {}) {
  const profile = temporaryDirectory('chromium');
  const context = await chromium.launchPersistentContext(profile.path, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [...kFlags, ...(autoplay ? ['--autoplay-policy=no-user-gesture-required'] : []), ...flags],
    viewport,
    permissions: ['camera', 'microphone', 'clipboard-read', 'clipboard-write'],
  });
  listenTo(context);
  const close = context.close.bind(context);
  context.close = async () => {
    await judged();
    await close();
    profile.remove();
  };
  return context;
}

/** Collects what must not happen in a page: exceptions, and what the Content-Security-Policy stopped. @returns {string[]} */
export function pageErrors(page) {
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy|Uncaught/.test(message.text())) errors.push(message.text());
  });
  return errors;
}
