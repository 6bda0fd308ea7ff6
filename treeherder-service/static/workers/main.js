// @ts-check
// Keeps the page about workers fresh: what changed since is put into its place, what is open stays open.
import { all, find } from '../dom.js';
import { localTimes } from '../page.js';

const EVERY = 5000;

async function refresh() {
  const place = find('#fresh');
  if (!place || document.hidden || place.contains(document.activeElement)) return;
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } }).catch(() => null);
  const time = find('#as-of');
  if (!answer?.ok) {
    time?.classList.add('bad');
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const fresh = find('#fresh', page);
  if (!fresh) return;
  for (const details of all('details[id]', place)) find(`#${details.id}`, fresh)?.toggleAttribute('open', details.hasAttribute('open'));
  const scrolled = new Map(all('.scroll', place).map((box, at) => [at, box.scrollLeft]));
  place.replaceChildren(...fresh.childNodes);
  all('.scroll', place).forEach((box, at) => { box.scrollLeft = scrolled.get(at) ?? 0; });
  const now = find('#as-of', page);
  if (time && now) {
    time.replaceWith(now);
    localTimes(now.parentElement ?? document);
  }
  localTimes(place);
}

setInterval(refresh, EVERY);
find('.utc')?.remove();
document.documentElement.dataset.ready = '';
