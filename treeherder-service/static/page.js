// @ts-check
// What every page does: theme, menus, who is logged in.
import { all, find, isTyping, toast } from './dom.js';

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

/** Who is logged in; empty when nobody is. */
export const user = () => document.body.dataset.user ?? '';

/** The address at which one logs in and comes back to what is on the screen now. */
export const loginUrl = () => `/login?next=${encodeURIComponent(location.pathname + location.search + location.hash)}`;

/**
 * Shows which keys there are, on `?` and on the button; what shows them is loaded when somebody asks.
 * @param {() => Promise<HTMLDialogElement>} load
 */
export function overlay(load) {
  const button = find('#keys');
  /** @type {Promise<HTMLDialogElement> | undefined} */
  let loading;
  const show = async () => {
    try {
      const dialog = await (loading ??= load());
      if (!dialog.open) dialog.showModal();
    } catch {
      loading = undefined;
      toast('The list of keys could not be loaded.', { error: true });
    }
  };
  if (button) button.hidden = false;
  button?.addEventListener('click', show);
  document.addEventListener('keydown', (event) => {
    if (event.key === '?' && !isTyping(event)) show();
  });
}

/**
 * Where a link of the oldest form leads: what is behind the `#` of `/#/jobs?repo=try` belongs before it (§11.1). Empty when it is
 * no such link.
 * @param {{ pathname: string, hash: string }} of
 */
export function unhashed({ pathname, hash }) {
  const found = /^#\/?(\w[\w/-]*)?\?(.*)$/.exec(hash);
  if (!found) return '';
  const [, page = 'jobs', query] = found;
  // The front page leads to the jobs.
  const place = page === 'jobs' ? pathname : `${pathname === '/jobs' ? '' : pathname}/${page}`;
  return `${place}?${query}`;
}

const moved = unhashed(location);
if (moved) location.replace(moved);
themes();
menus();
// What is on the screen may have changed since the page was made.
find('#log-in')?.addEventListener('click', (event) => { /** @type {HTMLAnchorElement} */ (event.currentTarget).href = loginUrl(); });

/** Times are the server's in UTC until they are told in the reader's own zone. @param {ParentNode} [root] */
export function localTimes(root = document) {
  for (const time of all('main time[datetime]:not(.push time, [title])', root)) {
    const date = new Date(time.getAttribute('datetime') ?? '');
    time.title = `${time.textContent} UTC`;
    const year = date.getFullYear() === new Date().getFullYear() ? undefined : 'numeric';
    time.textContent = date.toLocaleString([], { year, weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' });
  }
}
localTimes();
