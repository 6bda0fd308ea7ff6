// @ts-check
// What every page does: theme, menus, who is logged in.
import { ask } from './api.js';
import { all, find, isTyping, make } from './dom.js';

const THEMES = ['', 'light', 'dark'];

function themes() {
  const button = /** @type {HTMLButtonElement | null} */ (find('#theme'));
  if (!button) return;
  const root = document.documentElement;
  const tell = () => { button.title = `Theme: ${root.dataset.theme || 'as the system'}`; };
  button.hidden = false;
  tell();
  button.addEventListener('click', () => {
    const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? '') + 1) % THEMES.length];
    if (next) root.dataset.theme = next;
    else delete root.dataset.theme;
    document.cookie = `theme=${next}; path=/; max-age=${next ? 31536000 : 0}; samesite=lax`;
    tell();
  });
}

function menus() {
  document.addEventListener('click', (event) => {
    for (const menu of all('details[data-menu][open]')) {
      if (!menu.contains(/** @type {Node} */ (event.target))) menu.removeAttribute('open');
    }
  });
  document.addEventListener('keydown', (event) => {
    const menu = find('details[data-menu][open]');
    if (event.key !== 'Escape' || !menu) return;
    menu.removeAttribute('open');
    find('summary', menu)?.focus();
    event.stopImmediatePropagation();
  });
}

/** The user, as `/api/user/` has it. @typedef {{ email: string, is_staff: boolean }} User */

/** @type {Promise<User | null>} */
export const user = ask('/api/user/')
  .then((answer) => {
    const known = Array.isArray(answer) ? answer[0] : answer;
    return known?.email ? known : null;
  })
  .catch(() => undefined)
  .then((known) => {
    const place = find('#user');
    const here = encodeURIComponent(location.pathname + location.search);
    if (place && known) place.replaceChildren(make('span', { text: known.email, title: 'Signed in' }), make('a', { class: 'button', href: `/logout?next=${here}`, text: 'Sign out' }));
    else if (place && known === null) place.replaceChildren(make('a', { class: 'button', href: `/login?next=${here}`, text: 'Sign in' }));
    return known ?? null;
  });

/**
 * Shows which keys there are, on `?` and on the button.
 * @param {[string, string][]} keys
 */
export function overlay(keys) {
  const button = find('#keys');
  const rows = keys.map(([key, words]) => make('div', {}, make('dt', {}, make('kbd', { text: key })), make('dd', { text: words })));
  const close = make('button', { type: 'button', class: 'main', text: 'Close' });
  const dialog = /** @type {HTMLDialogElement} */ (make('dialog', { class: 'keys', 'aria-label': 'Keyboard' }, make('h2', { text: 'Keyboard' }), make('dl', {}, ...rows), close));
  close.addEventListener('click', () => dialog.close());
  document.body.append(dialog);
  if (button) button.hidden = false;
  button?.addEventListener('click', () => dialog.showModal());
  document.addEventListener('keydown', (event) => {
    if (event.key === '?' && !isTyping(event)) dialog.showModal();
  });
}

themes();
menus();
