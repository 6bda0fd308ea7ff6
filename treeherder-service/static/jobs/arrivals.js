// @ts-check
// Where new pushes appear: above what somebody reads, without moving it.
import { all, find, make } from '../dom.js';

/** @typedef {import('./board.js').Board} Board */

/**
 * Pushes that arrive above what somebody reads: they do not move it, and a button tells of them until they are seen. On a page that
 * nobody has touched for a while, such as one on a wall, they just appear at the top.
 */
export class Arrivals {
  unseen = 0;

  /** @param {Board} board */
  constructor(board) {
    this.board = board;
    this.button = make('button', { type: 'button', class: 'arrivals', hidden: true });
    this.button.addEventListener('click', () => scrollTo({ top: 0, behavior: 'smooth' }));
    find('#filters')?.append(make('div', { role: 'status' }, this.button));
    addEventListener('scroll', () => { if (scrollY < 1) this.show(0); }, { passive: true });
  }

  /** @param {import('./model.js').Data} data @param {boolean} touched whether somebody has touched the page lately */
  add(data, touched) {
    if (!touched && scrollY < 1 && !this.board.selected) {
      this.board.merge(data, 'top');
      return;
    }
    let count = 0;
    this.hold(() => { count = this.board.merge(data, 'top').arrived.length; });
    this.show(this.unseen + count);
  }

  /**
   * Changes the list without moving the push that is read. Browsers hold what is on the screen by themselves, but not at the very top,
   * and not all of them.
   * @param {() => void} change
   */
  hold(change) {
    // On phones the filters scroll away.
    const top = Math.max(...all('.top, #filters').map((bar) => bar.getBoundingClientRect().bottom));
    const read = all('.push', this.board.list).find((push) => push.getBoundingClientRect().bottom > top);
    const before = read?.getBoundingClientRect().top ?? 0;
    change();
    if (read) scrollBy({ top: read.getBoundingClientRect().top - before, behavior: 'instant' });
  }

  /** @param {number} unseen */
  show(unseen) {
    this.unseen = unseen;
    this.button.hidden = !unseen;
    this.button.textContent = unseen === 1 ? '↑ 1 new push' : `↑ ${unseen} new pushes`;
  }
}
