// @ts-check
// The list changes under the eyes of whoever reads it.
import { all } from '../dom.js';

/** @param {Element} element */
const place = (element) => element.getBoundingClientRect();

/**
 * Changes the list without moving what is read: the topmost push of which something can be seen or, where it began further up, its
 * topmost row that is still there afterwards. Browsers hold what is on the screen by themselves, but not at the very top, and not all of them.
 * @param {HTMLElement} list @param {() => void} change
 */
export function hold(list, change) {
  // On phones the filters scroll away.
  const top = Math.max(...all('.top, #filters').map((bar) => place(bar).bottom));
  const push = all('.push', list).find((each) => place(each).bottom > top);
  const rows = push && place(push).top < top ? all('.row', push).filter((row) => place(row).bottom > top) : [];
  const read = (push ? [...rows, push] : []).map((element) => ({ element, before: place(element).top }));
  change();
  const held = read.find(({ element }) => element.isConnected);
  if (held) scrollBy({ top: place(held.element).top - held.before, behavior: 'instant' });
}
