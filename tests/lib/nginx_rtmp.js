// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';

import { until } from './deadline.js';
import { freePorts, Program, temporaryDirectory } from './process.js';

const kModule = '/usr/lib/nginx/modules/ngx_rtmp_module.so';

const configuration = ({ directory, port, notifyPort, records, connections }) => `
load_module ${kModule};
daemon off;
master_process off;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log info;
events { worker_connections ${connections}; }
rtmp {
  access_log off;
  server {
    listen 127.0.0.1:${port};
    chunk_size 4096;
    application live {
      live on;
      record ${records ? 'all' : 'off'};
      record_path ${directory}/recorded;
      record_suffix .flv;
      on_publish http://127.0.0.1:${notifyPort}/publish;
      on_publish_done http://127.0.0.1:${notifyPort}/done;
    }
  }
}
`;

/** A real nginx with the RTMP module: records what it receives, and tells when a publish begins and ends. */
export class NginxRtmp {
  notes = []; // {what: "publish"|"done", name}

  /** @param {{records?: boolean, connections?: number}} [options] */
  static async start({ records = true, connections = 64 } = {}) {
    const nginx = Object.assign(new NginxRtmp(), { records, connections });
    nginx.directory = temporaryDirectory('nginx');
    fs.mkdirSync(path.join(nginx.directory.path, 'recorded'));
    nginx.notify = http.createServer((request, response) => nginx.#noted(request, response)).listen(0, '127.0.0.1');
    await once(nginx.notify, 'listening');
    [nginx.port] = await freePorts(1);
    await nginx.launch();
    return nginx;
  }

  /** Starts nginx (again, on the same port). */
  async launch() {
    const directory = this.directory.path;
    const file = path.join(directory, 'nginx.conf');
    const { port, records, connections } = this;
    fs.writeFileSync(file, configuration({ directory, port, notifyPort: this.notify.address().port, records, connections }));
    this.program = new Program('/usr/sbin/nginx', ['-c', file, '-p', directory, '-e', path.join(directory, 'error.log')]);
    await until('nginx accepts connections', () =>
      this.program.exited ? Promise.reject(new Error(this.program.stderr)) : reachable(this.port),
    );
  }

  get url() {
    return `rtmp://127.0.0.1:${this.port}/live`;
  }

  /** Resolves when a publish of that stream key began or ended. @param {'publish'|'done'} what @param {string} name */
  noted(what, name, timeoutMs = 20000) {
    return until(`nginx notes ${what} of ${name}`, () => this.notes.find((note) => note.what === what && note.name === name), timeoutMs);
  }

  /** The FLV that nginx wrote. @param {string} name */
  recorded(name) {
    return path.join(this.directory.path, 'recorded', `${name}.flv`);
  }

  async stop() {
    await this.program.stop('SIGTERM');
    this.notify.closeAllConnections();
    this.notify.close();
    this.directory.remove();
  }

  #noted(request, response) {
    let body = '';
    request.on('data', (data) => (body += data));
    request.on('end', () => {
      const fields = new URLSearchParams(body);
      this.notes.push({ what: request.url.slice(1), name: fields.get('name'), at: performance.now() });
      response.end();
    });
  }
}

function reachable(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
