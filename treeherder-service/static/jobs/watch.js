// @ts-check
// Pushes that somebody waits for: further failures and the end are told (§11.3), also while another tab is looked at.
import { all, find, kept, toast } from '../dom.js';
import { progress } from './model.js';

/** @typedef {import('./board.js').Board} Board */
/** What was last told of a push. @typedef {{ failed: number, running: number }} Told */

const KEPT = 'watched';
/** Those that are waited for longest are forgotten. */
const MOST = 20;

/**
 * What there is to tell of a push; nothing when it is as it was.
 * @param {Told} before @param {Told} now @returns {string}
 */
export function news(before, now) {
  const failures = (/** @type {number} */ count) => (count === 1 ? '1 unclassified failure' : `${count} unclassified failures`);
  if (before.running && !now.running) return `is done: ${now.failed ? failures(now.failed) : 'no unclassified failure'}`;
  return now.failed > before.failed ? `has ${failures(now.failed)}` : '';
}

class Watch {
  /** @type {Record<string, Told>} */
  pushes = {};

  /** @param {Board} board */
  constructor(board) {
    this.board = board;
    this.pushes = JSON.parse(kept(KEPT) ?? '{}');
    board.list.addEventListener('click', (event) => {
      const id = /** @type {HTMLElement} */ (event.target).dataset?.watch;
      if (id) this.toggle(id);
    });
    document.addEventListener('merged', () => this.look());
    // What happened while the page was closed.
    this.look();
  }

  /** @param {string} id @returns {Told} */
  state(id) {
    const { failed, running } = progress(this.board.model.jobs.get(Number(id))?.values() ?? []);
    return { failed, running };
  }

  /** @param {string} id */
  toggle(id) {
    if (this.pushes[id]) delete this.pushes[id];
    else {
      this.pushes[id] = this.state(id);
      for (const oldest of Object.keys(this.pushes).slice(0, -MOST)) delete this.pushes[oldest];
      if (window.Notification?.permission === 'default') Notification.requestPermission();
    }
    find(`#push-${id} details[open]`)?.removeAttribute('open');
    this.keep();
  }

  /** Tells what is new of the pushes on the page. */
  look() {
    for (const [id, before] of Object.entries(this.pushes)) {
      if (!this.board.model.jobs.has(Number(id))) continue;
      const now = this.state(id);
      const text = news(before, now);
      if (before.running && !now.running) delete this.pushes[id];
      else this.pushes[id] = now;
      if (text) this.tell(id, text);
    }
    this.keep();
  }

  /** @param {string} id @param {string} text */
  tell(id, text) {
    const author = this.board.model.pushes.get(Number(id))?.author ?? '';
    const words = `The push by ${author} ${text}`;
    const show = () => find(`#push-${id}`)?.scrollIntoView({ behavior: 'smooth' });
    toast(words, { action: 'Show', run: show });
    if (!document.hidden || window.Notification?.permission !== 'granted') return;
    const notification = new Notification(this.board.repo, { body: words, tag: `push-${id}` });
    notification.addEventListener('click', () => { window.focus(); show(); });
  }

  keep() {
    try {
      if (Object.keys(this.pushes).length) localStorage.setItem(KEPT, JSON.stringify(this.pushes));
      else localStorage.removeItem(KEPT);
    } catch {
      // A browser that keeps nothing forgets with the page.
    }
    for (const button of all('[data-watch]', this.board.list)) {
      const on = !!this.pushes[button.dataset.watch ?? ''];
      // There is no use for it before this script is loaded.
      button.hidden = false;
      button.textContent = on ? 'Do not tell me of it any more' : 'Tell me of failures and the end';
      button.closest('.push')?.toggleAttribute('data-watched', on);
    }
  }
}

/** Tells of the pushes that somebody waits for. @param {Board} board */
export const watch = (board) => new Watch(board);
