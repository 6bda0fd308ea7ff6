// @ts-check
// Older pushes, when the end of the page comes near or a button asks for them.
import { ask } from '../api.js';
import { find, toast } from '../dom.js';

/** @typedef {import('./board.js').Board} Board */

/** Parameters that say which pushes are wanted; the others say which jobs of them are shown. */
const RANGE = ['revision', 'author', 'fromchange', 'tochange', 'startdate', 'enddate', 'nojobs', 'test_paths'];

/** The address of data for this page. @param {Board} board @param {Record<string, string>} more */
export function dataUrl(board, more) {
  const params = new URLSearchParams({ repo: board.repo, ...more });
  for (const name of RANGE) {
    const value = board.params.get(name);
    if (value !== null) params.set(name, value);
  }
  return `/jobs/data?${params}`;
}

/** @param {Board} board */
export function loadMore(board) {
  const place = find('#more');
  if (!place) return;
  let loading = false;
  const load = async (/** @type {string} */ count) => {
    const oldest = board.model.newestFirst().at(-1);
    if (loading || !oldest) return;
    loading = true;
    place.classList.add('loading');
    try {
      const { arrived } = await ask(dataUrl(board, { count, before: String(oldest.time), shown: [...board.model.pushes.keys()].join(',') }));
      const added = arrived ? board.merge(arrived, 'bottom').arrived.length : 0;
      if (!added) {
        place.textContent = 'That is the oldest push.';
        watcher.disconnect();
        return;
      }
      // An observer tells of changes only: look again, for the end may still be near.
      watcher.unobserve(place);
      watcher.observe(place);
    } catch (error) {
      toast(`Older pushes could not be loaded: ${/** @type {Error} */ (error).message}`, { error: true });
    } finally {
      loading = false;
      place.classList.remove('loading');
    }
  };
  place.addEventListener('click', (event) => {
    const count = /** @type {HTMLElement} */ (event.target).dataset.more;
    if (!count) return;
    event.preventDefault();
    load(count);
  });
  // By itself only after somebody has scrolled, so that a short page does not load all there is.
  let scrolled = false;
  addEventListener('scroll', () => { scrolled = true; }, { once: true, passive: true });
  const watcher = new IntersectionObserver((entries) => {
    if (scrolled && entries.some((entry) => entry.isIntersecting) && !board.params.get('revision')) load('10');
  }, { rootMargin: '600px' });
  watcher.observe(place);
}
