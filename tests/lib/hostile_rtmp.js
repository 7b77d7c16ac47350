// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';

import { acknowledgement, ChunkParser, command, kHandshake, parseAmf, pingRequest, setPeerBandwidth, windowAckSize } from './rtmp_wire.js';

/** Where a misdeed can happen, in order. "media": after some frames. */
export const steps = ['accept', 'handshake', 'connect', 'createStream', 'publish', 'media'];

const kMediaMessages = 10; // that come before the step "media"
const kTickMs = 10;
const kSlowBytes = 2000; // per tick
const kFloods = { pings: () => pingRequest(7), acknowledgements: () => acknowledgement(Math.random() * 2 ** 32) };

/**
 * What it can do at a step: {at, what, ...}
 *   reset, close        ends the connection
 *   stall               reads nothing more and says nothing more
 *   silence             reads on and says nothing more
 *   slow                reads 200 kB/s, until the server has no misdeed any more
 *   garbage             bytes of no meaning
 *   drip                what it should say, a byte each 10 ms
 *   flood               pings or acknowledgements without end, faster than anybody answers
 *   say                 `bytes`, and goes on as if nothing was
 *   refuse              an error of `code` and `description`
 */
class Misdeeds {
  static reset = ({ socket }) => (socket instanceof tls.TLSSocket ? socket.destroy() : socket.resetAndDestroy());
  static close = (session) => session.socket.end();
  static stall = (session) => session.stall();
  static silence = (session) => void (session.mute = true);
  static slow = (session) => session.readSlowly();
  static garbage = (session) => session.socket.end(Buffer.alloc(65536, 0x5a));
  static drip = (session) => session.drip();
  static flood = (session, { kind }) => session.flood(kFloods[kind]());
  static say = (session, { bytes }) => (session.socket.write(bytes), false);
  static refuse = (session, { code, description }) => session.refuse({ level: 'error', code, description });
}

/** One connection. */
class Session {
  commands = []; // [name, ...]
  frames = []; // {kind: 'video'|'audio', timestamp, size, header, keyframe, composition}
  metadata = null;
  mute = false;
  #received = 0;
  #acknowledged = 0;
  #window = 0;
  #greeting = Buffer.alloc(0);
  #greeted = false;
  #skip = 0; // of C2
  #parser = new ChunkParser();
  #timers = [];

  constructor(server, socket) {
    this.server = server;
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => this.#timers.forEach(clearInterval));
    socket.on('data', (data) => this.#data(data));
    this.#misdeed('accept');
  }

  stall() {
    this.mute = true;
    this.socket.pause();
  }

  readSlowly() {
    this.socket.removeAllListeners('data').pause();
    this.#every(() => {
      const data = this.socket.read(this.server.misdeed ? Math.min(kSlowBytes, this.socket.readableLength) : undefined);
      if (data) this.#data(data);
    });
  }

  drip() {
    const waiting = [];
    const write = this.socket.write.bind(this.socket);
    this.socket.write = (bytes) => waiting.push(...bytes);
    this.#every(() => waiting.length > 0 && write(Buffer.from([waiting.shift()])));
    return false;
  }

  flood(bytes) {
    const block = Buffer.concat(Array.from({ length: 4096 }, () => bytes));
    const more = () => !this.socket.destroyed && this.socket.write(block) && setImmediate(more);
    this.socket.on('drain', more);
    more();
    return false;
  }

  refuse(info) {
    if (this.commands.at(-1)[0] === 'connect') this.#say(command('_error', 1, null, info));
    else this.#say(command('onStatus', 0, null, info));
  }

  #every(action) {
    this.#timers.push(setInterval(action, kTickMs));
  }

  /** True when it takes the place of what should happen at this step. */
  #misdeed(step) {
    const { misdeed } = this.server;
    if (misdeed?.at !== step) return false;
    return Misdeeds[misdeed.what](this, misdeed) !== false;
  }

  #say(...bytes) {
    if (!this.mute && this.socket.writable) for (const each of bytes) this.socket.write(each);
  }

  #data(data) {
    this.#received += data.length;
    if (this.#greeted) return this.#messages(data);
    this.#greeting = Buffer.concat([this.#greeting, data]);
    if (this.#greeting.length < 1 + kHandshake) return undefined;
    this.#greeted = true;
    const rest = this.#greeting.subarray(1 + kHandshake);
    if (this.#misdeed('handshake')) return undefined;
    const c1 = this.#greeting.subarray(1, 1 + kHandshake);
    this.#say(Buffer.concat([Buffer.from([3]), Buffer.alloc(kHandshake, 1), c1]));
    this.#skip = kHandshake;
    return this.#messages(rest);
  }

  #messages(data) {
    const skipped = Math.min(this.#skip, data.length);
    this.#skip -= skipped;
    for (const each of this.#parser.feed(data.subarray(skipped))) this.#message(each);
    if (this.#window > 0 && this.server.acknowledges && this.#received - this.#acknowledged >= this.#window) {
      this.#acknowledged = this.#received;
      this.#say(acknowledgement(this.#received));
    }
  }

  #message({ type, timestamp, body }) {
    if (type === 5) this.#window = body.readUInt32BE(0);
    if (type === 8) this.#frame({ kind: 'audio', timestamp, size: body.length, header: body[1] === 0, keyframe: true });
    if (type === 9) {
      const [composition, keyframe] = [body.readIntBE(2, 3), body[0] >> 4 === 1];
      this.#frame({ kind: 'video', timestamp, size: body.length, header: body[1] === 0, keyframe, composition, body: body.subarray(5) });
    }
    if (type === 18) this.metadata = parseAmf(body);
    if (type === 20) this.#command(parseAmf(body));
  }

  #frame(frame) {
    this.frames.push(frame);
    if (this.frames.length === kMediaMessages) this.#misdeed('media');
  }

  #command([name, transaction, ...rest]) {
    this.commands.push([name, ...rest]);
    if (steps.includes(name) && this.#misdeed(name)) return;
    if (name === 'connect') {
      const denial = this.server.login?.(rest[0].app);
      if (denial) this.#say(command('_error', transaction, null, { code: 'NetConnection.Connect.Rejected', description: denial }));
      else
        this.#say(
          windowAckSize(65536),
          setPeerBandwidth(65536),
          command('_result', transaction, {}, { level: 'status', code: 'NetConnection.Connect.Success' }),
        );
    }
    if (name === 'createStream') this.#say(command('_result', transaction, null, 1));
    if (name === 'publish') this.#say(command('onStatus', 0, null, { level: 'status', code: 'NetStream.Publish.Start' }));
  }
}

/** An RTMP server that takes what is published, unless it has a misdeed in mind. */
export class HostileRtmp {
  sessions = [];
  acknowledges = true; // as often as the publisher asks for
  misdeed = null; // may change at any time; null: a good server
  login = null; // (app) => why not, or nothing
  #sockets = new Set();

  /** @param {{misdeed?: object, host?: string, tls?: object, login?: Function, acknowledges?: boolean}} [options] */
  static async start({ host = '127.0.0.1', tls: certificate, ...options } = {}) {
    const hostile = Object.assign(new HostileRtmp(), options);
    const serve = (socket) => {
      hostile.#sockets.add(socket.on('close', () => hostile.#sockets.delete(socket)));
      hostile.sessions.push(new Session(hostile, socket));
    };
    hostile.server = certificate ? tls.createServer(certificate, serve) : net.createServer(serve);
    hostile.server.listen(0, host);
    await once(hostile.server, 'listening');
    hostile.port = hostile.server.address().port;
    hostile.url = `${certificate ? 'rtmps' : 'rtmp'}://${host.includes(':') ? `[${host}]` : host}:${hostile.port}/live`;
    return hostile;
  }

  /** The connections that came so far and the last of them. */
  get connections() {
    return this.sessions.length;
  }
  get last() {
    return this.sessions.at(-1);
  }

  /** Ends what runs, so that a better server begins. */
  reform() {
    this.misdeed = null;
    for (const socket of this.#sockets) socket.destroy();
  }

  stop() {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

const md5 = (...parts) => createHash('md5').update(parts.join('')).digest('base64');

/** Adobe's login ("authmod=adobe"), as a server checks it. */
export function adobeLogin(user, password) {
  const [salt, challenge] = ['c2FsdA', 'Y2hhbA'];
  return (app) => {
    const query = Object.fromEntries(
      (app.split('?')[1] ?? '').split('&').map((pair) => [pair.split('=')[0], pair.slice(pair.indexOf('=') + 1)]),
    );
    if (query.authmod !== 'adobe') return '[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ';
    if (query.user !== user) return '[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=nosuchuser&opaque=x';
    if (!query.response)
      return `[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=${user}&salt=${salt}&challenge=${challenge}&opaque=${challenge}`;
    const expected = md5(md5(user, salt, password), challenge, query.challenge);
    return query.response === expected ? undefined : '[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed&opaque=x';
  };
}
