// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Ways to a server: TLS, IPv6, logins, keys of any kind.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import test, { after, afterEach, before } from 'node:test';
import tls from 'node:tls';

import { Authority } from '../../lib/certificates.js';
import { until } from '../../lib/deadline.js';
import { adobeLogin, HostileRtmp } from '../../lib/hostile_rtmp.js';
import { NginxRtmp } from '../../lib/nginx_rtmp.js';
import { Driver } from '../driver/driver.js';
import { checkFrames, checkRecording, live, recorded } from './pipelines.js';
import { Servers } from './servers.js';

let authority;
let driver;
const servers = new Servers();
before(async () => {
  authority = await Authority.create();
});
after(() => authority.remove());
afterEach(async () => {
  await driver?.kill();
  await servers.stop();
});

const hostile = (options) => servers.take(HostileRtmp.start(options));

const frames = (server, n = 20) => until(`${n} frames`, () => server.last?.frames.length > n && server.last);

test('rtmps to nginx, behind TLS: the certificate of a private authority is good for a name and for an address', async () => {
  const nginx = await servers.take(NginxRtmp.start());
  const front = tls.createServer(await authority.issue('DNS:localhost,IP:127.0.0.1'), (socket) => {
    const back = net.connect(nginx.port, '127.0.0.1');
    for (const [from, to] of [
      [socket, back],
      [back, socket],
    ])
      from.on('error', () => to.destroy()).pipe(to);
  });
  await once(front.listen(0, '127.0.0.1'), 'listening');
  const { port } = front.address();
  driver = new Driver(live({ properties: `location=rtmps://localhost:${port}/live/name tls-ca-file=${authority.file}` }));
  assert.ok((await driver.add('address', `rtmps://127.0.0.1:${port}/live`, 'address')).added);
  for (const name of ['name', 'address']) await recorded(nginx, name, 2);
  await driver.finish();
  for (const name of ['name', 'address']) {
    await nginx.noted('done', name);
    await checkRecording(nginx.recorded(name));
  }
  front.close();
});

for (const [name, names, properties, text] of [
  ['of an unknown authority', 'DNS:localhost', () => '', /certificate is not accepted: (unable to get local issuer|self-signed)/],
  ['for another host', 'DNS:other.example', () => `tls-ca-file=${authority.file}`, /certificate is not accepted: hostname mismatch/],
  [
    'for another address',
    'IP:127.0.0.2',
    () => `tls-ca-file=${authority.file}`,
    /certificate is not accepted: (IP address|hostname) mismatch/,
  ],
]) {
  test(`a certificate ${name} is refused for good, before a word is said`, async () => {
    const server = await hostile({ tls: await authority.issue(names) });
    driver = new Driver(live({ properties: properties() }));
    await driver.add('one', names.startsWith('IP') ? server.url : server.url.replace('127.0.0.1', 'localhost'), 'k3y');
    assert.match((await driver.state('one', 'failed')).error, text);
    assert.equal(server.sessions.filter((session) => session.commands.length > 0).length, 0);
  });
}

test('rtmps to a server that breaks off: tried again', async () => {
  const server = await hostile({ tls: await authority.issue('IP:127.0.0.1'), misdeed: { at: 'publish', what: 'reset' } });
  driver = new Driver(live({ properties: `tls-ca-file=${authority.file}` }));
  await driver.add('one', server.url, 'k3y');
  assert.match((await driver.state('one', 'retrying')).error, /closed|broke/);
  server.reform();
  checkFrames(await frames(server));
});

test('a file of authorities that is not there is said at once', async () => {
  const server = await hostile({ tls: await authority.issue('IP:127.0.0.1') });
  driver = new Driver(live({ properties: 'tls-ca-file=/nowhere/ca.pem' }));
  await driver.add('one', server.url, 'k3y');
  assert.match((await driver.state('one', 'failed')).error, /trusted certificates cannot be read/);
});

test('IPv6, by address and by name', async () => {
  const server = await hostile({ host: '::1' });
  driver = new Driver(live());
  await driver.add('address', server.url, 'k3y');
  checkFrames(await frames(server));
  driver.command('remove', 'address');
  await driver.message('removed', (m) => m.message === 'destination-removed');
  // "localhost" is ::1 and 127.0.0.1 or only the latter: whichever comes first, the server is found where it is.
  const four = await hostile();
  await driver.add('name', four.url.replace('127.0.0.1', 'localhost'), 'k3y');
  checkFrames(await frames(four));
});

test('Adobe logins: in the URL, with odd characters; wrong or missing ones are refused for good', async () => {
  const password = 'p:w/ö?&';
  const odd = await hostile({ login: adobeLogin('me%40home', password) });
  const plain = await hostile({ login: adobeLogin('me', password) });
  const at = (who, { port }) => `rtmp://${who}@127.0.0.1:${port}/live`;
  driver = new Driver(live());
  await driver.add('good', at(`me:${encodeURIComponent(password)}`, plain), 'k3y');
  checkFrames(await frames(plain));
  assert.match(plain.last.commands[0][1].tcUrl, /^rtmp:\/\/127\.0\.0\.1:\d+\/live\?authmod=adobe&user=me&challenge=/);
  assert.equal(plain.connections, 3);
  await driver.add('wrong', at('me:wrong', plain), 'k3y');
  assert.match((await driver.state('wrong', 'failed')).error, /does not accept the user name or the password/);
  await driver.add('nobody', at('you:x', plain), 'k3y');
  assert.match((await driver.state('nobody', 'failed')).error, /does not accept/);
  await driver.add('none', plain.url, 'k3y');
  assert.match((await driver.state('none', 'failed')).error, /wants a user name and a password/);
  await driver.add('odd', at('me%40home:x', odd), 'k3y');
  await driver.state('odd', 'failed');
  assert.match(odd.last.commands[0][1].app, /user=me%40home&/, 'it is escaped in the query');
  const told = driver.lines.join('\n') + driver.stderr;
  for (const secret of [password, encodeURIComponent(password), 'response=']) assert.ok(!told.includes(secret), secret);
});

test('keys of any kind arrive as they were given', async () => {
  const keys = ['a%2Fb%20c', 'k?token=a/b&sig=1==', 'x=1&y=2', 'ключ-鍵-🔑', 'k/with/slashes', 'x'.repeat(3000)];
  driver = new Driver(live());
  for (const [index, key] of keys.entries()) {
    const server = await hostile();
    const { added, error } = await driver.add(`apart-${index}`, server.url, key);
    assert.ok(added, error);
    await driver.state(`apart-${index}`, 'live');
    for (const [name, , given] of server.last.commands)
      if (['releaseStream', 'FCPublish', 'publish'].includes(name)) assert.equal(given, key);
  }
  const server = await hostile();
  await driver.add('inside', `${server.url}/inst/k3y?sig=a/b%3D`);
  await driver.state('inside', 'live');
  assert.equal(server.last.commands[0][1].app, 'live/inst');
  assert.equal(server.last.commands.at(-1)[2], 'k3y?sig=a/b%3D');
});

test('private addresses that are not allowed are never connected to, by address or by name', async () => {
  const server = await hostile();
  driver = new Driver(live({ properties: `location=${server.url}/k3y allow-private=false` }));
  await driver.add('name', server.url.replace('127.0.0.1', 'localhost'), 'k3y');
  for (const id of ['location', 'name']) assert.match((await driver.state(id, 'failed')).error, /loopback/);
  assert.equal(server.connections, 0);
});

test('a host whose name means nothing is tried again', async () => {
  driver = new Driver(live());
  await driver.add('one', 'rtmp://nowhere.invalid/live', 'k3y');
  assert.match((await driver.state('one', 'retrying')).error, /nowhere\.invalid/);
});
