// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { Driver } from '../driver/driver.js';

/** An application that pushes JSON into a webhooksink. */
export class JsonDriver extends Driver {
  /** @param {string} url @param {Record<string, string|number>} [properties] */
  constructor(url, properties = {}, { caps = 'application/json', ...options } = {}) {
    const set = Object.entries({ 'retry-base': 50, 'retry-max': 200, ...properties }).map(([name, value]) => `${name}=${value}`);
    super(`appsrc name=in caps=${caps} ! webhooksink name=pace location=${url} ${set.join(' ')}`, options);
  }

  push(value) {
    this.command('push', typeof value === 'string' ? value : JSON.stringify(value));
  }

  reports(outcome) {
    return this.messages.filter((one) => one.message === `webhooksink-${outcome}`);
  }

  report(outcome, options) {
    return this.message(`a webhook ${outcome}`, (one) => one.message === `webhooksink-${outcome}`, options);
  }
}
