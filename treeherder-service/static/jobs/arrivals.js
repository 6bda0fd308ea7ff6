// @ts-check
// Where new pushes appear: above what somebody reads, without moving it.
import { find, make, motion } from '../dom.js';
import { hold } from './hold.js';

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
    this.button.addEventListener('click', () => {
      scrollTo({ top: 0, behavior: motion() });
      this.show(0);
    });
    find('#arrivals')?.append(this.button);
    addEventListener('scroll', () => { if (scrollY < 1) this.show(0); }, { passive: true });
  }

  /** @param {import('./model.js').Data} data @param {boolean} reading whether somebody reads the page */
  add(data, reading) {
    if (!reading && scrollY < 1 && !this.board.selected) {
      this.board.merge(data, 'top');
      return;
    }
    let count = 0;
    hold(this.board.list, () => { count = this.board.merge(data, 'top').arrived.length; });
    // A page that is too short to scroll shows them already.
    this.show(scrollY < 1 ? 0 : this.unseen + count);
  }

  /** @param {number} unseen */
  show(unseen) {
    this.unseen = unseen;
    // What has the focus must not vanish with it.
    if (!unseen && document.activeElement === this.button) find('.push h2 a', this.board.list)?.focus({ preventScroll: true });
    this.button.hidden = !unseen;
    this.button.textContent = unseen === 1 ? '↑ 1 new push' : `↑ ${unseen} new pushes`;
  }
}
