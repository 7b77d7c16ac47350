// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A browser that is killed says nothing: silence has to do.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { launchChromium } from '../../lib/chromium.js';
import { GstLaunch } from '../../lib/gst_launch.js';
import { childrenOf } from '../../lib/process.js';
import { blankOrigin, connection, publish } from '../../lib/whip_whep_page.js';

test('a killed browser is missed within seconds', async () => {
  const origin = await blankOrigin();
  const server = new GstLaunch('streamsrc listen=http://127.0.0.1:0/whip ! fakesink async=false sync=false');
  const chromium = await launchChromium();
  try {
    const page = await chromium.newPage();
    await page.goto(origin.url);
    assert.equal((await publish(page, await server.listening('streamsrc'))).status, 201);
    await connection(page, 'connected');
    const pids = childrenOf(process.pid, 'chromium');
    assert.equal(pids.length, 1);
    const killed = performance.now();
    process.kill(pids[0], 'SIGKILL');
    await server.state('stalled', 4000);
    await server.line(/state=\(string\)disconnected, reason=\(string\)consent-expired/, 8000);
    assert.ok(performance.now() - killed < 7500);
  } finally {
    await chromium.close().catch(() => {});
    origin.close();
    assert.equal((await server.stop()).code, 0, server.stderr);
  }
});
