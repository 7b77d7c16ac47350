// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { once } from 'node:events';
import http from 'node:http';

/**
 * A front that sends what comes to /away/PATH on to /PATH by `status`, as a load balancer does (RFC 9725 section 4.5), and hands everything
 * else to the server behind it.
 * @param {string} server base URL @returns {Promise<{url: string, redirected: string[], close: () => void}>} `redirected`: methods
 */
export async function redirectingProxy(server, status = 307) {
  const redirected = [];
  const front = http.createServer((request, response) => {
    if (request.url.startsWith('/away/')) {
      redirected.push(request.method);
      request.resume();
      return response.writeHead(status, { location: request.url.slice('/away'.length) }).end();
    }
    const onward = http.request(new URL(request.url, server), { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  return {
    url: `http://127.0.0.1:${front.address().port}`,
    redirected,
    close: () => (front.closeAllConnections(), front.close()),
  };
}
