// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test, { afterEach } from 'node:test';

import { until } from '../../lib/deadline.js';
import { HostileRtmp } from '../../lib/hostile_rtmp.js';
import { NginxRtmp } from '../../lib/nginx_rtmp.js';
import { holdings, usage } from '../../lib/process.js';
import { Driver } from '../driver/driver.js';
import { misdeeds } from './misdeeds.js';
import { checkFrames, checkRecording, live, recorded } from './pipelines.js';
import { Servers } from './servers.js';

let driver;
const servers = new Servers();
afterEach(async () => {
  await driver?.kill();
  await servers.stop();
});

const hostile = (options) => servers.take(HostileRtmp.start(options));

const kMaxMoreKib = (process.env.SANITIZER_RUNTIME ? 400 : 100) << 10; // a sanitizer keeps what was freed for a while

test('every misdeed at once: each gets its answer, the good server every frame; those that become good are live', async () => {
  const nginx = await servers.take(NginxRtmp.start());
  driver = new Driver(live());
  await driver.add('good', nginx.url, 'good');
  await recorded(nginx, 'good', 0.5);
  const before = { ...holdings(driver.pid), ...usage(driver.pid) };

  const rows = [];
  for (const [name, [misdeed, state, error]] of Object.entries(misdeeds)) {
    const server = await hostile({ misdeed });
    rows.push({ name, server, state, error });
    const { added, error: refused } = await driver.add(
      name,
      name.startsWith('tls') ? server.url.replace('rtmp:', 'rtmps:') : server.url,
      'k3y',
    );
    assert.ok(added, refused);
  }
  for (const { name, state, error } of rows) {
    const seen = await driver.state(name, state, { timeoutMs: 20000 });
    if (error) assert.match(seen.error, error, name);
  }
  const during = { ...holdings(driver.pid), ...usage(driver.pid) };
  assert.ok(during.threads - before.threads <= rows.length, `${during.threads - before.threads} threads for ${rows.length}`);
  assert.ok(during.rssKib - before.rssKib < kMaxMoreKib, `${during.rssKib - before.rssKib} KiB more`);

  for (const { server } of rows) server.reform();
  for (const { name, server, state } of rows) {
    if (name.startsWith('tls')) continue; // it never learns it
    if (state === 'failed') {
      assert.equal(server.connections, 1, `${name} is not tried again`);
      continue;
    }
    await until(`frames of ${name}`, () => !server.last.socket.destroyed && server.last.frames.length > 40, 20000);
    checkFrames(server.last);
  }
  await driver.finish();
  await nginx.noted('done', 'good');
  await checkRecording(nginx.recorded('good'));
});
