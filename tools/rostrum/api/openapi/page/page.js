// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later
'use strict';
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const search = document.getElementById('search');
const index = document.getElementById('index');
const menu = document.getElementById('menu');

// A schema inside another is shown when it is asked for: they may hold each other.
document.addEventListener(
  'toggle',
  ({ target }) => {
    const name = target.dataset?.schema;
    if (!target.open || !name || target.children.length > 1) return;
    target.append(document.getElementById(`schema-${name}`).querySelector('.whole').cloneNode(true));
  },
  true,
);

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.hidden || target.closest('[hidden]')) show('');
  if (target.tagName === 'DETAILS') target.open = true;
  target.scrollIntoView();
}
addEventListener('hashchange', openTarget);

function show(words) {
  if (search.value !== words) search.value = words;
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = new Set();
  for (const one of all('[data-find]')) {
    one.hidden = !wanted.every((word) => one.dataset.find.includes(word));
    if (!one.hidden) found.add(`#${one.id}`);
  }
  for (const section of all('main > section')) {
    const entries = all('[data-find]', section);
    section.hidden = wanted.length > 0 && (entries.length === 0 || entries.every((one) => one.hidden));
  }
  for (const link of all('li li a', index)) link.parentElement.hidden = !found.has(link.getAttribute('href'));
  for (const group of all('.group', index)) {
    const section = document.querySelector(group.querySelector('.tag').getAttribute('href'));
    group.hidden = section.hidden;
  }
  document.getElementById('nothing').hidden = found.size > 0;
}
search.addEventListener('input', () => {
  show(search.value);
  scrollTo(0, 0); // what is found may stand above
});
document.addEventListener('keydown', (event) => {
  if (event.key === '/' && document.activeElement !== search) {
    event.preventDefault();
    search.focus();
  } else if (event.key === 'Escape' && document.activeElement === search) {
    show('');
    search.blur();
  }
});

function setMenu(shown) {
  index.classList.toggle('shown', shown);
  menu.setAttribute('aria-expanded', String(shown));
}
menu.addEventListener('click', () => setMenu(!index.classList.contains('shown')));
search.addEventListener('input', () => setMenu(false));
index.addEventListener('click', ({ target }) => target.closest('a') && setMenu(false));

document.getElementById('theme').addEventListener('click', () => {
  const dark = getComputedStyle(document.documentElement).colorScheme.includes('dark');
  document.documentElement.dataset.theme = dark ? 'light' : 'dark';
});

for (const block of all('.code')) {
  const button = Object.assign(document.createElement('button'), { className: 'copy', type: 'button', textContent: 'Copy' });
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(block.textContent.slice(0, -button.textContent.length));
    button.textContent = 'Copied';
    setTimeout(() => (button.textContent = 'Copy'), 1200);
  });
  block.append(button);
}

// The index follows what is read.
const links = new Map(all('a', index).map((link) => [link.getAttribute('href').slice(1), link]));
let current;
const watcher = new IntersectionObserver(
  (entries) => {
    const entered = entries.find((entry) => entry.isIntersecting);
    const link = entered && links.get(entered.target.id);
    if (!link || link === current) return;
    current?.removeAttribute('aria-current');
    current = link;
    link.setAttribute('aria-current', 'true');
    if (!index.matches(':hover')) index.scrollTop = link.offsetTop - index.clientHeight / 2;
  },
  { rootMargin: '-80px 0px -75% 0px' },
);
for (const one of all('article')) watcher.observe(one);
openTarget();
