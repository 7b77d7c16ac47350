// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import fs from 'node:fs';
import { createRequire } from 'node:module';

/** Names that the package declares as private: its types say so, the running code does not. */
function privateNames() {
  const declarations = createRequire(import.meta.url).resolve('@videosdk.live/server-sdk').replace(/\.js$/, '.d.ts');
  return new Set([...fs.readFileSync(declarations, 'utf8').matchAll(/^\s*private (?:readonly )?(\w+)/gm)].map(([, name]) => name));
}

const isResource = (value) => typeof value === 'object' && /Resource$/.test(value?.constructor?.name ?? '');

/** @returns {string[]} every public method of every resource of a client, as "recordings.participant.start" */
export function methodsOf(sdk) {
  const hidden = privateNames();
  const found = [];
  const look = (resource, path) => {
    for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(resource)))
      if (name !== 'constructor' && !hidden.has(name)) found.push([...path, name].join('.'));
    for (const [name, value] of Object.entries(resource)) if (isResource(value)) look(value, [...path, name]);
  };
  for (const [name, value] of Object.entries(sdk)) if (isResource(value)) look(value, [name]);
  return found;
}

/**
 * Notes what becomes of every call of a resource's method; the client works as before.
 * @param {object} sdk @param {Map<string, Set<string>>} outcomes method → "done", or the status that it was refused with
 */
export function watch(sdk, outcomes) {
  const note = (name, outcome) => outcomes.set(name, (outcomes.get(name) ?? new Set()).add(String(outcome)));
  const wrap = (resource, path) =>
    new Proxy(resource, {
      get(target, name) {
        const value = target[name];
        const full = `${path}.${String(name)}`;
        if (isResource(value)) return wrap(value, full);
        if (typeof value !== 'function' || name === 'constructor') return value;
        return (...args) => {
          const result = value.apply(target, args);
          if (typeof result?.then !== 'function') return void note(full, 'done') ?? result;
          result.then(
            () => note(full, 'done'),
            (error) => note(full, error.httpStatus ?? error.name),
          );
          return result;
        };
      },
    });
  for (const [name, value] of Object.entries(sdk)) if (isResource(value)) sdk[name] = wrap(value, name);
  return sdk;
}
