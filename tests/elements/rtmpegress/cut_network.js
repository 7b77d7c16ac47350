// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// In a network namespace of its own: a stream to a server, and the network between them goes away without a word. Prints what became of it.

import { until } from '../../lib/deadline.js';
import { HostileRtmp } from '../../lib/hostile_rtmp.js';
import { run } from '../../lib/process.js';
import { Driver } from '../driver/driver.js';
import { live } from './pipelines.js';

const link = (state) => run('ip', ['link', 'set', 'lo', state]);

await link('up');
const server = await HostileRtmp.start({ acknowledges: false });
const driver = new Driver(live());
await driver.add('one', server.url, 'k3y');
await until('frames', () => server.last?.frames.length > 60);
await link('down');
const { error } = await driver.state('one', 'retrying', { timeoutMs: 15000 });
await link('up');
const { reconnects } = await driver.state('one', 'live', { from: driver.lines.length });
await until('frames of the new connection', () => server.last.frames.length > 60);
console.log(JSON.stringify({ error, reconnects, connections: server.connections }));
await driver.kill();
await server.stop();
