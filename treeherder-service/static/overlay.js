// @ts-check
// The list of the keys of a page.
import { make } from './dom.js';

/** Adds the list to the page, closed. @param {[string, string][]} keys */
export function listOf(keys) {
  const rows = keys.map(([key, words]) => make('div', {}, make('dt', {}, make('kbd', { text: key })), make('dd', { text: words })));
  const close = make('button', { type: 'button', class: 'main', text: 'Close' });
  const dialog = /** @type {HTMLDialogElement} */ (make('dialog', { class: 'keys', 'aria-label': 'Keyboard' }, make('h2', { text: 'Keyboard' }), make('dl', {}, ...rows), close));
  close.addEventListener('click', () => dialog.close());
  document.body.append(dialog);
  return dialog;
}
