// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import path from 'node:path';
import fs from 'node:fs';

import { until } from './deadline.js';
import { freePorts, Program, temporaryDirectory } from './process.js';

const configuration = ({ directory, port, upstream }) => `
daemon off;
master_process off;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log info;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${upstream};
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_read_timeout 90s;
    }
  }
}
`;

/** A real nginx in front of a server, as docs/deploy.md has it, but without TLS of its own. */
export class NginxProxy {
  /** @param {string} upstream URL of the server behind it */
  static async start(upstream) {
    const nginx = new NginxProxy();
    nginx.directory = temporaryDirectory('nginx');
    const [port] = await freePorts(1);
    nginx.url = `http://127.0.0.1:${port}`;
    const directory = nginx.directory.path;
    const file = path.join(directory, 'nginx.conf');
    fs.writeFileSync(file, configuration({ directory, port, upstream }));
    nginx.program = new Program('/usr/sbin/nginx', ['-c', file, '-p', directory, '-e', path.join(directory, 'error.log')]);
    await until('nginx answers', () =>
      nginx.program.exited ? Promise.reject(new Error(nginx.program.stderr)) : fetch(`${nginx.url}/healthz`).then((response) => response.ok),
    );
    return nginx;
  }

  async stop() {
    await this.program.stop('SIGTERM');
    this.directory.remove();
  }
}
