// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { icon } from '../icons.js';
import { byId, make, toast } from '../ui.js';

const kMaxDestinations = 8;

function field(label, properties) {
  const input = make('input', { className: 'input', required: true, autocomplete: 'off', spellcheck: false, ...properties });
  return make('label', { className: 'field' }, make('span', {}, label), input);
}

/** The dialog that starts RTMP outputs. Destinations stay typed in for this page's life; keys are never stored. */
export class GoLiveDialog {
  #dialog = byId('golive-dialog');
  #list = byId('destinations');
  #start;

  /** @param {(outputs: {url: string, streamKey: string}[], config: object) => Promise<void>} start */
  constructor(start) {
    this.#start = start;
    byId('destination-add').onclick = () => this.#add(true);
    byId('golive-form').onsubmit = (event) => (event.preventDefault(), this.#submit());
    this.#add(false);
  }

  open() {
    this.#dialog.showModal();
    this.#list.querySelector('input')?.focus();
  }

  #add(focus) {
    const remove = make('button', { className: 'button remove', type: 'button', aria: { label: 'Remove destination' } }, icon('x'));
    const url = field('Server URL', {
      name: 'url',
      type: 'text',
      inputMode: 'url',
      placeholder: 'rtmp://a.example.com/live',
      pattern: 'rtmps?://.+',
      title: 'An rtmp:// or rtmps:// address',
    });
    const key = field('Stream key', { name: 'streamKey', type: 'password', placeholder: 'From your platform' });
    const item = make('div', { className: 'destination' }, make('h3', {}), remove, url, key);
    remove.onclick = () => (item.remove(), this.#renumber());
    this.#list.append(item);
    this.#renumber();
    if (focus) item.querySelector('input').focus();
  }

  #renumber() {
    const items = [...this.#list.children];
    for (const [index, item] of items.entries()) {
      item.querySelector('h3').textContent = `Destination ${index + 1}`;
      item.querySelector('.remove').hidden = items.length === 1;
    }
    byId('destination-add').hidden = items.length >= kMaxDestinations;
  }

  async #submit() {
    const outputs = [...this.#list.children].map((item) => ({
      url: item.querySelector('[name=url]').value.trim(),
      streamKey: item.querySelector('[name=streamKey]').value.trim(),
    }));
    const config = { layout: { type: byId('layout').value, priority: 'SPEAKER' }, theme: byId('theme').value };
    const button = byId('golive-start');
    button.disabled = true;
    try {
      await this.#start(outputs, config);
      this.#dialog.close();
    } catch (error) {
      this.#dialog.close(); // a toast would be hidden behind the dialog
      toast(error.message, 'bad');
    } finally {
      button.disabled = false;
    }
  }
}
