// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';
import tls from 'node:tls';

import WebSocket from 'ws';

import { Authority } from '../lib/certificates.js';
import { until, within } from '../lib/deadline.js';
import { run, temporaryDirectory } from '../lib/process.js';
import { rawConnection } from '../lib/raw_http.js';
import { kBuild, Rostrum } from '../lib/rostrum.js';

const kNames = 'DNS:localhost,IP:127.0.0.1';

let authority;
let directory;
let rostrum;
let secure; // base URL

const file = (name) => path.join(directory.path, name);
/** As certbot does it: each file is replaced whole. */
function put(name, content) {
  fs.writeFileSync(file(`${name}.new`), content);
  fs.renameSync(file(`${name}.new`), file(name));
}
function install({ cert, key }) {
  put('server.pem', cert);
  put('server.key', key);
}

before(async () => {
  authority = await Authority.create();
  directory = temporaryDirectory('tls');
  install(await authority.issue(kNames));
  rostrum = await Rostrum.start({
    listen: 'http://127.0.0.1:0,https://127.0.0.1:0',
    args: ['--tls-certificate', file('server.pem'), '--tls-key', file('server.key'), '--request-timeout', '2'],
  });
  [, secure] = await rostrum.program.line(/^listening (https:\S+)$/);
});
after(async () => {
  await rostrum?.stop();
  directory?.remove();
  authority?.remove();
});

const curl = (...args) => run('curl', ['--silent', '--show-error', '--cacert', authority.file, ...args]);

/** Serial number of the certificate that a new connection gets. */
async function serial() {
  const socket = tls.connect({ port: new URL(secure).port, host: '127.0.0.1', ca: fs.readFileSync(authority.file) });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

async function openEvents() {
  const room = await rostrum.room();
  const url = `${secure.replace('https', 'wss')}/v2/rooms/${room}/events?token=${rostrum.hostToken(room)}&participantId=ann`;
  const socket = new WebSocket(url, { ca: fs.readFileSync(authority.file) });
  socket.events = [];
  socket.on('message', (data) => socket.events.push(JSON.parse(data).event));
  await within('the connection opens', once(socket, 'open'));
  await until('somebody joined', () => socket.events.includes('meeting-joined'));
  return socket;
}

test('curl, with the certificate verified; HTTP beside it', async () => {
  const { code, stdout, stderr } = await curl('--write-out', '\n%{http_version} %{ssl_verify_result}', `${secure}/healthz`);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /"ok"[^]*\n1\.1 0$/);
  assert.equal((await fetch(`${rostrum.url}/healthz`)).status, 200);
  const body = JSON.stringify({ customRoomId: 'by-tls' });
  const made = await curl('-H', `Authorization: ${rostrum.token()}`, '-H', 'Content-Type: application/json', '-d', body, `${secure}/v2/rooms`);
  assert.equal(JSON.parse(made.stdout).customRoomId, 'by-tls');
});

test('TLS 1.2 and 1.3, nothing older', async () => {
  const handshake = async (...version) => {
    const address = `127.0.0.1:${new URL(secure).port}`;
    const { stdout } = await run('openssl', ['s_client', '-connect', address, '-cipher', 'ALL:@SECLEVEL=0', ...version]);
    return /^\s*(Protocol\s*: |New, )(TLSv1\.[23])/m.test(stdout) && /Verify return code|BEGIN CERTIFICATE/.test(stdout);
  };
  assert.equal(await handshake('-tls1_3'), true);
  assert.equal(await handshake('-tls1_2'), true);
  assert.equal(await handshake('-tls1_1'), false);
  assert.equal(await handshake('-tls1'), false);
});

test('a new certificate is taken while connections go on', async () => {
  const member = await openEvents();
  const before = await serial();
  install(await authority.issue(kNames));
  await until('new connections get the new certificate', async () => (await serial()) !== before);
  member.send(JSON.stringify({ command: 'ping' }));
  await until('the old connection goes on', () => member.events.includes('pong'));
  member.close();
});

test('a pair that does not do leaves the one before; SIGHUP reads at once', async () => {
  const before = await serial();
  const good = await authority.issue(kNames);
  const rows = [
    ['server.key', (await authority.issue(kNames)).key, /not the key of the certificate/],
    ['server.key', 'lorem ipsum', /server\.key: not a private key in PEM/],
    ['server.pem', 'lorem ipsum', /server\.pem: not a certificate in PEM/],
  ];
  for (const [name, content, message] of rows) {
    const from = rostrum.program.stderr.length;
    put(name, content);
    process.kill(rostrum.pid, 'SIGHUP');
    await until('the warning', () => message.test(rostrum.program.stderr.slice(from)));
    assert.match(rostrum.program.stderr.slice(from), /the TLS certificate stays as it was/);
    assert.equal(await serial(), before);
  }
  assert.ok(!rostrum.program.stderr.includes('PRIVATE KEY'));
  install(good);
  process.kill(rostrum.pid, 'SIGHUP');
  await until('the good one is taken', async () => (await serial()) !== before);
});

test('who does not finish the handshake is cut off, and others are served', async () => {
  const silent = await rawConnection(secure);
  const halves = await Promise.all(Array.from({ length: 300 }, () => rawConnection(secure)));
  for (const half of halves) half.write(Buffer.from('16030100', 'hex'));
  const plain = await rawConnection(secure);
  plain.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.equal((await curl('--max-time', '5', `${secure}/healthz`)).code, 0, 'a handshake waits for nobody');
  await within('all of them end', Promise.all([silent, plain, ...halves].map((socket) => socket.over)), 12000);
  assert.ok(!plain.heard.includes('HTTP/1.1 200'));
});

test('what cannot be started is said', async () => {
  const pair = await authority.issue(kNames);
  put('other.pem', pair.cert);
  put('other.key', (await authority.issue(kNames)).key);
  put('empty.pem', '');
  await run('openssl', ['ec', '-in', file('other.key'), '-aes128', '-passout', 'pass:secret', '-out', file('locked.key')]);
  const rows = [
    [[], 2, /listen: https:\/\/ needs tls-certificate and tls-key/],
    [['--tls-certificate', file('other.pem')], 2, /needs tls-certificate and tls-key/],
    [['--tls-certificate', file('other.pem'), '--tls-key', file('nowhere')], 1, /nowhere: .*No such file/],
    [['--tls-certificate', file('other.pem'), '--tls-key', file('other.key')], 1, /other\.key: not the key of the certificate/],
    [['--tls-certificate', file('empty.pem'), '--tls-key', file('other.key')], 1, /empty\.pem: not a certificate/],
    [['--tls-certificate', file('other.pem'), '--tls-key', file('locked.key')], 1, /without a passphrase/],
  ];
  for (const [args, status, message] of rows) {
    const { code, stderr } = await run(path.join(kBuild, 'tools/rostrum/rostrum'), [
      'serve',
      '--state',
      file('state'),
      '--listen',
      'https://127.0.0.1:0',
      ...args,
    ]);
    assert.equal(code, status, stderr);
    assert.match(stderr, message);
  }
});
