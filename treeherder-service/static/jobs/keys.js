// @ts-check
// The keyboard (§11.6).
import { dismiss, find, isTyping } from '../dom.js';
import { toggleStatuses, toggleUnclassified } from './controls.js';
import { isClassified, isFailure } from './status.js';

/** @typedef {import('./board.js').Board} Board */
/** @typedef {import('./details.js').Details} Details */
/** @typedef {import('./pinboard.js').Pinboard} Pinboard */

/**
 * Finds the job to go to; it wraps around.
 * @param {Board} board @param {number} step @param {boolean} failures
 */
export function neighbour(board, step, failures) {
  let elements = board.shown();
  const here = elements.findIndex((element) => element.getAttribute('aria-current') === 'true');
  const fits = (/** @type {HTMLElement} */ element) => {
    const job = board.jobOf(element);
    return !!job && (!failures || (isFailure(job.status) && !isClassified(job.classification)));
  };
  const count = elements.length;
  let at = here === -1 && step < 0 ? 0 : here;
  for (let i = 0; i < count; i++) {
    at = (at + step + count) % count;
    if (fits(elements[at])) return Number(elements[at].dataset.id);
  }
  return 0;
}

/** @param {Board} board @param {Details} details @param {Pinboard} pinboard */
export function keyboard(board, details, pinboard) {
  const go = (/** @type {number} */ step, /** @type {boolean} */ failures) => {
    const id = neighbour(board, step, failures);
    if (id) details.select(id);
  };
  const search = () => /** @type {HTMLInputElement} */ (find('#search'));
  const pin = () => {
    if (board.selected) pinboard.pin(board.selected);
  };
  /** @type {Record<string, () => void>} */
  const keys = {
    j: () => go(1, true), n: () => go(1, true), k: () => go(-1, true), p: () => go(-1, true),
    ArrowRight: () => go(1, false), ArrowLeft: () => go(-1, false),
    ' ': pin,
    b: () => { pin(); pinboard.focus('bug'); },
    c: () => { pin(); pinboard.focus('comment'); },
    u: () => toggleUnclassified(board),
    q: () => toggleStatuses(board, ['t', 'b', 'e', 'r', 'u']),
    i: () => toggleStatuses(board, ['p', 'g']),
    s: () => toggleStatuses(board, ['n']),
    f: () => { search().focus(); search().select(); },
    r: () => details.open('task'),
    t: () => details.nextTab(),
    l: () => details.open('log'),
    L: () => details.open('raw'),
    g: () => details.open('profile'),
  };
  document.addEventListener('keydown', (event) => {
    const ctrl = event.ctrlKey || event.metaKey;
    if (document.querySelector('dialog[open]')) return;
    if (event.key === 'Escape') {
      if (isTyping(event)) /** @type {HTMLElement} */ (event.target).blur();
      else if (!dismiss()) details.close();
      return;
    }
    if (ctrl && event.key === 'Enter') { event.preventDefault(); pinboard.save(); return; }
    if (ctrl && event.key === 'Backspace') { event.preventDefault(); pinboard.unclassify(board.selected); return; }
    if (ctrl && event.shiftKey && event.key.toLowerCase() === 'u') { event.preventDefault(); pinboard.clear(); return; }
    if (ctrl && event.shiftKey && event.key.toLowerCase() === 'f') { event.preventDefault(); search().value = ''; board.setParams((params) => params.delete('searchStr')); return; }
    if (ctrl || event.altKey || isTyping(event)) return;
    const target = /** @type {HTMLElement} */ (event.target);
    // Buttons, links and menus keep the space bar.
    if (event.key === ' ' && target.closest('button, summary, [role="button"], [role="tab"]')) return;
    if (event.key.startsWith('Arrow') && target.closest('[role="tablist"], .sheet')) return;
    const run = keys[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  });
}
