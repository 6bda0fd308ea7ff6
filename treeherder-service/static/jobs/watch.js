// @ts-check
// Pushes that somebody waits for: further failures and the end are told (§11.3), also while another tab is looked at.
import { all, find, kept, motion, toast } from '../dom.js';
import { progress } from './model.js';

/** @typedef {import('./board.js').Board} Board */
/** What is known of a push. @typedef {{ failed: number, unfinished: number }} State */
/** What was last told of one; `ended`: since when nothing is left to do, in milliseconds since the epoch. @typedef {State & { ended?: number }} Told */

const KEPT = 'watched';
/** Those that are waited for longest are forgotten. */
const MOST = 20;
/** A push whose jobs are done gets further ones soon, or never. */
export const SETTLED = 20_000;

/**
 * What there is to tell of a push, if anything, and what is then told of it; nothing is left to wait for when it has ended.
 * @param {Told} before @param {State} now @param {number} moment in milliseconds since the epoch
 * @returns {{ text: string, told: Told | null }}
 */
export function news(before, now, moment) {
  const failures = (/** @type {number} */ count) => (count === 1 ? '1 unclassified failure' : `${count} unclassified failures`);
  const { failed, unfinished } = now;
  if (!unfinished && (before.unfinished || before.ended)) {
    const ended = before.ended ?? moment;
    // Its failures are told with the end.
    if (moment - ended < SETTLED) return { text: '', told: { failed: before.failed, unfinished, ended } };
    return { text: `is done: ${failed ? failures(failed) : 'no unclassified failure'}`, told: null };
  }
  return { text: failed > before.failed ? `has ${failures(failed)}` : '', told: { failed, unfinished } };
}

/**
 * Reads what the browser keeps; what is damaged is forgotten.
 * @param {string | null} text @returns {Map<string, Told>}
 */
export function watched(text) {
  try {
    const pairs = JSON.parse(text ?? '[]');
    return new Map(pairs.filter((/** @type {[string, Told]} */ [id, told]) => typeof id === 'string' && Number.isFinite(told.failed) && Number.isFinite(told.unfinished)));
  } catch {
    return new Map();
  }
}

class Watch {
  /** Those that are waited for longest come first. @type {Map<string, Told>} */
  pushes = new Map();
  /** Whether the browser keeps nothing: then the page does, as long as it is there. */
  forgetful = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;

  /** @param {Board} board */
  constructor(board) {
    this.board = board;
    board.list.addEventListener('click', (event) => {
      const id = /** @type {HTMLElement} */ (event.target).dataset?.watch;
      if (id) this.toggle(id);
    });
    document.addEventListener('merged', () => this.look());
    // Other tabs wait for pushes as well.
    addEventListener('storage', ({ key }) => {
      if (key !== KEPT && key !== null) return;
      this.read();
      this.draw();
    });
    // What happened while the page was closed.
    this.look();
  }

  /** @param {string} id @returns {State} */
  state(id) {
    const { failed, unfinished } = progress(this.board.model.jobs.get(Number(id))?.values() ?? []);
    return { failed, unfinished };
  }

  /** @param {string} id */
  toggle(id) {
    this.read();
    if (!this.pushes.delete(id)) {
      this.pushes.set(id, this.state(id));
      for (const oldest of [...this.pushes.keys()].slice(0, -MOST)) this.pushes.delete(oldest);
      this.ask();
    }
    const menu = find(`#push-${id} details[open]`);
    menu?.removeAttribute('open');
    // What was chosen is gone from the screen.
    if (menu) find('summary', menu)?.focus({ preventScroll: true });
    this.keep();
  }

  /** Asks whether notifications are wanted, and says what happens without. */
  async ask() {
    let may = window.Notification?.permission;
    // Old browsers promise nothing.
    if (may === 'default') may = (await Notification.requestPermission()) ?? Notification.permission;
    if (may !== 'granted') toast('Your browser shows no notifications of this site: news of the push appear on this page only, as long as it is open.', { stays: true });
  }

  /** Tells what is new of the pushes on the page. */
  look() {
    clearTimeout(this.timer);
    this.read();
    let ending = false;
    for (const [id, before] of this.pushes) {
      if (!this.board.model.jobs.has(Number(id))) continue;
      const { text, told } = news(before, this.state(id), Date.now());
      if (told) this.pushes.set(id, told);
      else this.pushes.delete(id);
      ending ||= !!told?.ended;
      if (text) this.tell(id, text);
    }
    if (ending) this.timer = setTimeout(() => this.look(), SETTLED);
    this.keep();
  }

  /** @param {string} id @param {string} text */
  tell(id, text) {
    const author = this.board.model.pushes.get(Number(id))?.author ?? '';
    const words = `The push by ${author} ${text}`;
    const show = () => find(`#push-${id}`)?.scrollIntoView({ behavior: motion() });
    toast(words, { action: 'Show', run: show });
    if (document.hasFocus() || window.Notification?.permission !== 'granted') return;
    try {
      const notification = new Notification(this.board.repo, { body: words, tag: `push-${id}` });
      notification.addEventListener('click', () => { window.focus(); show(); });
    } catch {
      // Browsers of Android leave it to service workers; the toast waits there.
    }
  }

  /** Reads what all tabs wait for. */
  read() {
    if (!this.forgetful) this.pushes = watched(kept(KEPT));
  }

  /** Keeps it for all of them. */
  keep() {
    const text = this.pushes.size ? JSON.stringify([...this.pushes]) : null;
    try {
      if (text === null) localStorage.removeItem(KEPT);
      else if (text !== kept(KEPT)) localStorage.setItem(KEPT, text);
    } catch {
      this.forgetful = true;
    }
    this.draw();
  }

  draw() {
    for (const button of all('[data-watch]', this.board.list)) {
      const on = this.pushes.has(button.dataset.watch ?? '');
      // There is no use for it before this script is loaded.
      button.hidden = false;
      button.textContent = on ? 'Do not tell me of it any more' : 'Tell me of failures and the end';
      button.closest('.push')?.toggleAttribute('data-watched', on);
    }
  }
}

/** Tells of the pushes that somebody waits for. @param {Board} board */
export const watch = (board) => new Watch(board);
