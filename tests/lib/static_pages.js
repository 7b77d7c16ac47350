// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const kRoot = path.resolve(import.meta.dirname, '../../tools/web');
const kTypes = { '.js': 'text/javascript', '.html': 'text/html', '.css': 'text/css', '.svg': 'image/svg+xml' };

/** Serves tools/web and an empty page at /, for browsers that talk to an element instead of `rostrum serve`. */
export async function servePages() {
  const server = http.createServer((request, response) => {
    const name = path.join(kRoot, path.normalize(new URL(request.url, 'http://localhost').pathname));
    if (request.url === '/') return response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>test</title>');
    if (!name.startsWith(kRoot) || !fs.existsSync(name)) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': kTypes[path.extname(name)] ?? 'application/octet-stream' }).end(fs.readFileSync(name));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => (server.closeAllConnections(), server.close()),
  };
}
