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

/** Who is signed in; nobody where there are no accounts. @type {Promise<User | null>} */
export const user = ask('/api/user/')
  .then((answer) => {
    const known = Array.isArray(answer) ? answer[0] : answer;
    show(known?.email ? known : null);
    return known?.email ? known : null;
  })
  .catch(() => null);

/** @param {User | null} known */
function show(known) {
  const place = find('#user');
  if (!place) return;
  const button = make('button', { type: 'button', text: known ? 'Sign out' : 'Sign in' });
  button.addEventListener('click', known ? signOut : signIn);
  if (known) place.replaceChildren(make('span', { class: 'who-am-i', text: known.email, title: `Signed in as ${known.email}` }), button);
  else place.replaceChildren(button);
}

async function signOut() {
  await ask('/api/auth/logout/', { method: 'POST' }).catch(() => ask('/api/auth/logout/'));
  location.reload();
}

/** Asks who somebody is; on the demo and on machines of developers that is enough. */
export function signIn() {
  const field = /** @type {HTMLInputElement} */ (make('input', { type: 'email', required: true, name: 'email', autocomplete: 'email', placeholder: 'you@example.org' }));
  const sheriff = /** @type {HTMLInputElement} */ (make('input', { type: 'checkbox' }));
  const told = make('p', { class: 'bad', role: 'alert' });
  const close = make('button', { type: 'button', text: 'Cancel' });
  const form = make('form', {}, make('h2', { text: 'Sign in' }), make('label', {}, 'Mail address ', field), make('label', {}, sheriff, ' as a sheriff'), told, make('div', { class: 'actions' }, make('button', { class: 'main', text: 'Sign in' }), close));
  const dialog = /** @type {HTMLDialogElement} */ (make('dialog', { 'aria-label': 'Sign in' }, form));
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      await ask('/api/auth/development-login/', { method: 'POST', body: { email: field.value, is_sheriff: sheriff.checked } });
      location.reload();
    } catch (error) {
      const status = /** @type {{ status?: number }} */ (error).status;
      told.textContent = status === 404 || status === 405 ? 'This site lets people in through its identity provider, which these pages do not ask yet.' : /** @type {Error} */ (error).message;
    }
  });
  document.body.append(dialog);
  dialog.showModal();
}

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

// Times are the server's in UTC until they are told in the reader's own zone.
for (const time of all('main time[datetime]:not(.push time)')) {
  const date = new Date(time.getAttribute('datetime') ?? '');
  time.title = `${time.textContent} UTC`;
  time.textContent = date.toLocaleString([], { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' });
}
