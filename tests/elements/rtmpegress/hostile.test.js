// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import test, { afterEach } from 'node:test';

import { until } from '../../lib/deadline.js';
import { HostileRtmp, steps } from '../../lib/hostile_rtmp.js';
import { NginxRtmp } from '../../lib/nginx_rtmp.js';
import { holdings, usage } from '../../lib/process.js';
import { acknowledgement, message, setChunkSize } from '../../lib/rtmp_wire.js';
import { Driver } from '../driver/driver.js';
import { checkFrames, checkRecording, live, recorded } from './pipelines.js';

let driver;
let servers = [];
afterEach(async () => {
  await driver?.kill();
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
});

const hostile = async (options) => {
  const server = await HostileRtmp.start(options);
  servers.push(server);
  return server;
};

const kNonsense = /RTMP/;
const kGone = /closed|broke|reset/;
const kLate = /did not answer in time/;
const kBeginning = Buffer.from([3, 0, 0, 0, 0, 0xff, 0xff, 20, 0, 0, 0, 0]); // of a message of 65535 bytes
const kMaxMoreKib = (process.env.SANITIZER_RUNTIME ? 400 : 100) << 10; // a sanitizer keeps what was freed for a while
const status = (code, description = '') => ({ what: 'refuse', code, description });

/** name: [misdeed, state it leads to, its error]; a name with "tls" is connected to as if it spoke TLS */
const misdeeds = {
  ...Object.fromEntries(steps.map((at) => [`reset-${at}`, [{ at, what: 'reset' }, 'retrying', kGone]])),
  ...Object.fromEntries(steps.map((at) => [`close-${at}`, [{ at, what: 'close' }, 'retrying', kGone]])),
  ...Object.fromEntries(steps.map((at) => [`garbage-${at}`, [{ at, what: 'garbage' }, 'retrying', kNonsense]])),
  ...Object.fromEntries(steps.slice(0, -1).map((at) => [`stall-${at}`, [{ at, what: 'stall' }, 'retrying', kLate]])),
  'tls-stall': [{ at: 'accept', what: 'stall' }, 'retrying', kLate],
  'tls-reset': [{ at: 'accept', what: 'reset' }, 'retrying', kGone],
  'tls-garbage': [{ at: 'accept', what: 'garbage' }, 'retrying', /TLS failed/],
  silence: [{ at: 'publish', what: 'silence' }, 'retrying', kLate],
  drip: [{ at: 'accept', what: 'drip' }, 'retrying', kLate],
  'ping-flood': [{ at: 'connect', what: 'flood', kind: 'pings' }, 'retrying', /no publisher asked for/],
  'ping-flood-live': [{ at: 'media', what: 'flood', kind: 'pings' }, 'retrying', /no publisher asked for/],
  'ack-flood-live': [{ at: 'media', what: 'flood', kind: 'acknowledgements' }, 'retrying', /no publisher asked for/],
  'no-chunks': [{ at: 'connect', what: 'say', bytes: setChunkSize(0) }, 'retrying', kNonsense],
  'huge-message': [{ at: 'publish', what: 'say', bytes: message(20, Buffer.alloc(1 << 20)) }, 'retrying', kNonsense],
  'endless-message': [{ at: 'createStream', what: 'say', bytes: kBeginning }, 'retrying', kLate],
  'in-use': [{ at: 'publish', ...status('NetStream.Publish.BadName', 'Already publishing') }, 'retrying', /Already publishing/],
  'thrown-out': [{ at: 'media', ...status('NetStream.Publish.Failed', 'Later') }, 'retrying', /ended the stream.*Publish.Failed: Later/],
  'bad-key': [{ at: 'publish', ...status('NetStream.Publish.BadName', 'Invalid key') }, 'failed', /BadName: Invalid key/],
  denied: [{ at: 'publish', ...status('NetStream.Publish.Denied', 'No.') }, 'failed', /Publish.Denied: No\./],
  'bad-application': [{ at: 'connect', ...status('NetConnection.Connect.InvalidApp') }, 'failed', /InvalidApp/],
  rejected: [{ at: 'connect', ...status('NetConnection.Connect.Rejected', 'Go away') }, 'failed', /Rejected: Go away/],
  // Odd, but not wrong.
  'huge-chunks': [{ at: 'connect', what: 'say', bytes: setChunkSize(0x7fffffff) }, 'live'],
  'wild-acknowledgements': [{ at: 'media', what: 'say', bytes: Buffer.concat([acknowledgement(0xffffffff), acknowledgement(5)]) }, 'live'],
};

test('every misdeed at once: each gets its answer, the good server every frame; those that become good are live', async () => {
  const nginx = await NginxRtmp.start();
  servers.push(nginx);
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
