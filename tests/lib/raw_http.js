// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { once } from 'node:events';
import net from 'node:net';

/** A connection that says exactly what it is told to. @param {string} url @param {{from?: string}} [options] own address */
export async function rawConnection(url, { from } = {}) {
  const socket = net.connect({ port: new URL(url).port, host: '127.0.0.1', localAddress: from });
  socket.heard = '';
  socket.over = new Promise((resolve) => socket.once('close', resolve));
  socket.on('data', (data) => (socket.heard += data));
  socket.on('error', () => {}); // a reset is one way to end
  await Promise.race([once(socket, 'connect'), socket.over]).catch(() => {});
  return socket;
}
