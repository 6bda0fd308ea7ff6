// @ts-check
// What happens elsewhere appears here: the server tells that something changed, the page asks what.
import { ask } from '../api.js';
import { find, make } from '../dom.js';
import { dataUrl } from './more.js';

/** @typedef {import('./board.js').Board} Board */

/** Events after which there is something to ask for. */
const EVENTS = ['job', 'resultset', 'job_classification', 'job_failure', 'gap'];
/** Changes that come close together are asked for together. */
const GATHER = 60;
/** How often to ask when nothing was told. */
const POLL = 60_000;
/** Whoever has touched the page within this time reads it. */
const READING = 60_000;

/** @param {Board} board @param {import('./details.js').Details} details */
export function follow(board, details) {
  const sign = find('#live');
  let asking = false;
  let again = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const arrivals = new Arrivals(board);

  const refresh = async () => {
    clearTimeout(timer);
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    try {
      const pushes = board.model.newestFirst();
      /** @type {Record<string, string>} */
      const more = { shown: pushes.map((push) => push.id).join(','), since: board.model.cursor };
      // A range with an end has no new pushes.
      if (!board.params.get('revision') && !board.params.get('tochange') && !board.params.get('enddate')) more.after = String(pushes[0]?.time ?? 0);
      const { changed, arrived } = await ask(dataUrl(board, more));
      if (arrived) arrivals.add(arrived);
      if (changed) {
        const jobs = board.merge(changed).changed;
        if (jobs.some((job) => job.id === board.selected)) details.reload();
      }
    } catch {
      // The next event or the next poll tries again.
    } finally {
      asking = false;
      timer = setTimeout(refresh, again ? GATHER : POLL);
      again = false;
    }
  };
  const soon = () => {
    if (asking) again = true;
    else {
      clearTimeout(timer);
      timer = setTimeout(refresh, GATHER);
    }
  };

  const source = new EventSource(`/events?subscribe=${encodeURIComponent(board.repo)}`);
  for (const name of EVENTS) source.addEventListener(name, soon);
  const show = (/** @type {boolean} */ on) => {
    if (!sign) return;
    sign.hidden = false;
    sign.className = on ? 'live' : 'live off';
    sign.textContent = on ? 'live' : 'not live';
    sign.title = on ? 'Changes appear by themselves' : 'The connection is lost; the page asks once a minute';
  };
  source.addEventListener('open', () => { show(true); soon(); });
  source.addEventListener('error', () => show(false));
  addEventListener('online', soon);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) soon(); });
  addEventListener('pagehide', () => source.close());
  timer = setTimeout(refresh, POLL);
}

/**
 * Pushes that arrive above what somebody reads: they do not move it, and a button tells of them until they are seen. On a page that
 * nobody has touched for a while, such as one on a wall, they just appear at the top.
 */
class Arrivals {
  unseen = 0;
  touched = -Infinity;

  /** @param {Board} board */
  constructor(board) {
    this.board = board;
    this.button = make('button', { type: 'button', class: 'arrivals', hidden: true });
    this.button.addEventListener('click', () => scrollTo({ top: 0, behavior: 'smooth' }));
    find('#filters')?.append(make('div', { role: 'status' }, this.button));
    for (const event of ['pointermove', 'pointerdown', 'keydown', 'wheel']) addEventListener(event, () => { this.touched = performance.now(); }, { passive: true });
    addEventListener('scroll', () => { if (scrollY < 1) this.show(0); }, { passive: true });
  }

  get reading() {
    return scrollY > 0 || this.board.selected > 0 || performance.now() - this.touched < READING;
  }

  /** @param {import('./model.js').Data} data */
  add(data) {
    if (!this.reading) {
      this.board.merge(data, 'top');
      return;
    }
    let count = 0;
    this.board.hold(() => { count = this.board.merge(data, 'top').arrived.length; });
    this.show(this.unseen + count);
  }

  /** @param {number} unseen */
  show(unseen) {
    this.unseen = unseen;
    this.button.hidden = !unseen;
    this.button.textContent = unseen === 1 ? '↑ 1 new push' : `↑ ${unseen} new pushes`;
  }
}
