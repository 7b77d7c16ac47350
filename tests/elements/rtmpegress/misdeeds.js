// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { steps } from '../../lib/hostile_rtmp.js';
import { acknowledgement, message, setChunkSize } from '../../lib/rtmp_wire.js';

const kNonsense = /RTMP/;
const kGone = /closed|broke|reset/;
const kLate = /did not answer in time/;
const kBeginning = Buffer.from([3, 0, 0, 0, 0, 0xff, 0xff, 20, 0, 0, 0, 0]); // of a message of 65535 bytes
const status = (code, description = '') => ({ what: 'refuse', code, description });

/** name: [misdeed, state it leads to, its error]; a name with "tls" is connected to as if it spoke TLS */
export const misdeeds = {
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
