// @ts-check
// What happens elsewhere appears here: the server tells that something changed, the page asks what.
import { ask } from '../api.js';
import { find, toast } from '../dom.js';
import { dataUrl } from './more.js';

/** @typedef {import('./board.js').Board} Board */

/** Events after which there is something to ask for. */
const EVENTS = ['job', 'resultset', 'job_classification', 'job_failure', 'gap'];
/** Changes that come close together are asked for together. */
const GATHER = 60;
/** How often to ask when nothing was told. */
const POLL = 60_000;
/** How soon to ask again when there was no answer. */
const RETRY = 5_000;
/** Whoever has touched the page within this time reads it. */
const READING = 60_000;
/** As many new pushes as the server tells at once. */
const MOST = 100;

/** @param {Board} board @param {import('./details.js').Details} details */
export function follow(board, details) {
  const sign = find('#live');
  let asking = false;
  let again = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {import('./arrivals.js').Arrivals | undefined} */
  let arrivals;
  let touched = performance.now();
  for (const event of ['pointermove', 'pointerdown', 'keydown', 'wheel']) addEventListener(event, () => { touched = performance.now(); }, { passive: true });

  const refresh = async () => {
    clearTimeout(timer);
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    let next = POLL;
    try {
      const pushes = board.model.newestFirst();
      /** @type {Record<string, string>} */
      const more = { shown: pushes.map((push) => push.id).join(','), since: board.model.cursor };
      // A range with an end has no new pushes.
      if (!board.params.get('revision') && !board.params.get('tochange') && !board.params.get('enddate')) Object.assign(more, { after: pushes[0]?.time ?? 0, count: MOST });
      const { changed, arrived } = await ask(dataUrl(board, more));
      if (changed) {
        // Without what holds the page still it changes all the same.
        const { hold } = await import('./hold.js').catch(() => ({ hold: (/** @type {unknown} */ _, /** @type {() => void} */ change) => change() }));
        hold(board.list, () => {
          const jobs = board.merge(changed).changed;
          if (jobs.some((job) => job.id === board.selected)) details.reload();
        });
      }
      if (arrived) {
        // Without what tells of them they appear at the top all the same.
        arrivals ??= await import('./arrivals.js').then(({ Arrivals }) => new Arrivals(board), () => undefined);
        const reading = performance.now() - touched < READING || board.list.contains(document.activeElement);
        if (arrivals) arrivals.add(arrived, reading);
        else board.merge(arrived, 'top');
        if (arrived.pushes.length >= MOST) toast('So many pushes have come that some may be missing.', { stays: true, action: 'Reload', run: () => location.reload() });
      }
    } catch {
      // A browser says that it is online before the network is there.
      next = RETRY;
    } finally {
      asking = false;
      timer = setTimeout(refresh, again ? GATHER : next);
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
