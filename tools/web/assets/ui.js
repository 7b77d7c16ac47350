// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import { icon } from './icons.js';

const kToastMs = 6000;

/** @param {string} id @returns {HTMLElement} */
export const byId = (id) => document.getElementById(id);

/**
 * Builds an element. Text goes in as text nodes, never as markup.
 * @param {string} tag @param {object} [properties] properties; `dataset` and `aria` are objects, `on` maps events to handlers
 * @param {...(Node|string|null|undefined)} children
 */
export function make(tag, { dataset = {}, aria = {}, on = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  Object.assign(element.dataset, dataset);
  for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, value);
  for (const [type, handler] of Object.entries(on)) element.addEventListener(type, handler);
  element.append(...children.filter((child) => child != null));
  return element;
}

/** Where the page was opened: server, room, and the query. The page path is <server>/<page>/<room>. */
export function place() {
  const path = location.pathname.split('/');
  const query = new URLSearchParams(location.search);
  const fragment = new URLSearchParams(location.hash.slice(1));
  return {
    server: new URL('../', location.href),
    roomId: decodeURIComponent(path.at(-1)),
    token: query.get('token') ?? fragment.get('token') ?? '',
    query,
    fragment,
  };
}

/** An id of this tab for this room: a reload takes the same seat again. */
export function seat(roomId) {
  const key = `rostrum.participant.${roomId}`;
  const id = sessionStorage.getItem(key) ?? crypto.randomUUID().slice(0, 8);
  sessionStorage.setItem(key, id);
  return id;
}

/** "4:05", "1:02:03" @param {number} ms */
export function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'));
  const hours = Math.floor(seconds / 3600);
  return hours ? `${hours}:${parts.join(':')}` : `${Number(parts[0])}:${parts[1]}`;
}

/** "1 viewer", "2 viewers" */
export const count = (n, word) => `${n} ${word}${n === 1 ? '' : 's'}`;

/** "Ann Lee" → "AL" */
const initials = (name) =>
  name
    .trim()
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word.charAt(0).toUpperCase())
    .join('');

/** A steady colour for a person. @param {string} id */
const hueOf = (id) => [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);

/** @param {{participantId: string, name: string}} person */
export function avatar({ participantId, name }) {
  const element = make('span', { className: 'avatar' }, initials(name) || '?');
  element.style.setProperty('--hue', hueOf(participantId));
  return element;
}

/** Shows a short message. Errors stay until they are dismissed. @param {string} text @param {'info'|'good'|'bad'} [kind] */
export function toast(text, kind = 'info') {
  const box = byId('toasts');
  for (const old of box.children) if (old.dataset.text === text) old.remove();
  const close = make('button', { className: 'toast-close', type: 'button', aria: { label: 'Dismiss' } }, icon('x'));
  const item = make(
    'div',
    { className: `toast ${kind}`, dataset: { text } },
    icon(kind === 'bad' ? 'alert' : 'check'),
    make('span', {}, text),
    close,
  );
  close.onclick = () => item.remove();
  box.append(item);
  while (box.children.length > 3) box.firstElementChild.remove();
  if (kind !== 'bad') setTimeout(() => item.remove(), kToastMs);
}

/** Runs an action of a button: disabled meanwhile, failures become a toast. */
export async function act(button, action) {
  if (button.disabled) return;
  button.disabled = true;
  try {
    await action();
  } catch (error) {
    toast(error.message, 'bad');
  } finally {
    button.disabled = false;
  }
}

/** @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast('Link copied', 'good');
  } catch {
    toast('The browser does not allow copying here', 'bad');
  }
}

/** What a person should read when a session is over. @param {{reason: string, code: number|string}} how */
export function farewell({ reason, code }) {
  const known = {
    1002: 'You were removed from this stream.',
    1009: 'The host has ended this stream.',
    1010: 'You were removed from this stream.',
    1011: 'You joined from another window.',
    1101: 'You left the stream.',
    4002: 'This link is not valid, or it has expired.',
    4003: 'There is no such stream.',
    4005: 'You joined from another window.',
    4009: 'This stream is full at the moment.',
    4022: 'This link is for another stream.',
    4052: 'This stream has been closed for good.',
  }[code];
  if (!known && code >= 3000) return `You cannot join (${reason}).`; // a refusal; below are the reasons of leaving
  return known ?? (reason && reason !== 'ended' ? `The stream is over (${reason}).` : 'The stream is over.');
}
