// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import assert from 'node:assert/strict';

/** The members are there and hold something. @param {object} object @param {string[]} names */
export function assertFilled(object, names) {
  for (const name of names) assert.ok(object[name] !== undefined && object[name] !== null && object[name] !== '', `${name} of ${JSON.stringify(object)}`);
}

/** ISO 8601 in UTC with milliseconds. */
export const assertTime = (text) => assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
