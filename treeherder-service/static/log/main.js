// @ts-check
// The log viewer (§11.10).
import { all, find, isTyping, later, make, toast } from '../dom.js';
import { overlay } from '../page.js';
import { Lines } from './lines.js';
import { readRange, writeRange } from './range.js';
import { View } from './view.js';

const box = find('#log');
if (box) open(box);

/** @param {HTMLElement} box */
async function open(box) {
  const lines = new Lines(box.dataset.lines ?? '');
  const view = new View(box, lines, (range) => {
    view.marked = range;
    history.replaceState(null, '', location.pathname + location.search.replace(/&?lineNumber=[^&]*/, '') + writeRange(range));
    view.draw();
  });
  const state = /** @type {HTMLElement} */ (find('#log-state'));
  const failures = all('[data-failure]').map((line) => Number(line.dataset.failure));
  view.failures = new Set(failures);
  const follow = box.dataset.live !== undefined;
  const tell = () => { state.textContent = `${lines.total.toLocaleString()} lines${lines.bytes ? `, ${lines.bytes < 1e6 ? `${Math.ceil(lines.bytes / 1e3)} kB` : `${(lines.bytes / 1e6).toFixed(1)} MB`}` : ''}${follow ? ', live' : ''}`; };

  const map = /** @type {HTMLElement} */ (find('#log-map'));
  const minimap = () => {
    map.replaceChildren(...[...view.failures].map((number) => {
      const mark = make('a', { href: `#L${number + 1}`, tabindex: -1, title: `Line ${number + 1}` });
      mark.style.top = `${(number / Math.max(1, lines.total)) * 100}%`;
      return mark;
    }));
  };
  const jump = () => {
    const range = readRange(location.hash, location.search);
    if (!range) return false;
    view.marked = range;
    view.show(range.first);
    return true;
  };

  const wrap = (/** @type {boolean} */ on) => {
    view.wrapped = on;
    box.classList.toggle('wrapped', on);
    find('#wrap')?.setAttribute('aria-pressed', String(on));
  };
  // A narrow screen would show little more than the time of each line.
  if (matchMedia('(max-width: 40rem)').matches) wrap(true);

  const known = readRange(location.hash, location.search);
  const first = known?.first ?? failures[0] ?? 0;
  if (follow) followLive(box, lines, view, tell, minimap, known && { line: known.first, jump });
  else {
    try {
      await lines.want(Math.max(0, first - 20), first + 80);
    } catch (error) {
      state.textContent = '';
      box.replaceChildren(make('div', { class: 'note' }, make('h2', { text: 'The log cannot be shown' }), make('p', { text: /** @type {Error} */ (error).message })));
      document.documentElement.dataset.ready = '';
      return;
    }
    tell();
    view.size();
    minimap();
    if (!jump() && failures.length) {
      history.replaceState(null, '', writeRange({ first: failures[0], last: failures[0] }));
      jump();
    }
  }
  addEventListener('hashchange', jump);

  const step = (/** @type {1 | -1} */ by) => {
    const sorted = [...view.failures].sort((a, b) => a - b);
    if (!sorted.length) return;
    const here = view.marked?.first ?? -1;
    const next = by > 0 ? sorted.find((number) => number > here) ?? sorted[0] : sorted.findLast((number) => number < here) ?? sorted[sorted.length - 1];
    location.hash = writeRange({ first: next, last: next });
  };
  find('#next-failure')?.addEventListener('click', () => step(1));
  find('#previous-failure')?.addEventListener('click', () => step(-1));

  find('#wrap')?.addEventListener('click', () => {
    wrap(!view.wrapped);
    view.size();
    view.go(view.top);
  });
  find('#copy-lines')?.addEventListener('click', async () => {
    const range = view.marked;
    if (!range) return toast('Mark lines first: click a number, then another with shift.', { error: true });
    await lines.want(range.first, range.last);
    await navigator.clipboard.writeText(lines.slice(range.first, range.last - range.first + 1).join('\n'));
    toast(range.first === range.last ? 'Line copied' : `${range.last - range.first + 1} lines copied`);
  });

  const search = /** @type {HTMLInputElement} */ (find('#log-search'));
  const exact = /** @type {HTMLInputElement} */ (find('#exact'));
  const told = /** @type {HTMLElement} */ (find('#search-state'));
  /** @type {AbortController | undefined} */
  let searching;
  const look = async (/** @type {1 | -1} */ by, /** @type {number} */ from) => {
    searching?.abort();
    view.found = search.value.toLowerCase();
    view.draw();
    if (!search.value) { told.textContent = ''; return; }
    const mine = (searching = new AbortController());
    try {
      const at = await lines.find(search.value, Math.min(Math.max(0, from), Math.max(0, lines.total - 1)), by, exact.checked, mine.signal, (done) => { told.textContent = `searched ${Math.round(done * 100)} %`; });
      if (mine.signal.aborted) return;
      told.textContent = at === -1 ? 'not found' : `line ${(at + 1).toLocaleString()}`;
      if (at !== -1) location.hash = writeRange({ first: at, last: at });
    } catch (error) {
      if (!mine.signal.aborted) told.textContent = /** @type {Error} */ (error).message;
    }
  };
  search.addEventListener('input', later(250, () => look(1, view.marked?.first ?? 0)));
  search.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    const here = view.marked?.first ?? 0;
    look(event.shiftKey ? -1 : 1, event.shiftKey ? here - 1 : here + 1);
  });

  document.addEventListener('keydown', (event) => {
    if (isTyping(event)) {
      if (event.key === 'Escape') /** @type {HTMLElement} */ (event.target).blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'n') step(1);
    else if (event.key === 'p') step(-1);
    else if (event.key === 'f' || event.key === '/') { event.preventDefault(); search.focus(); search.select(); }
    else if (event.key === 'w') find('#wrap')?.click();
    else if (event.key === 'L') /** @type {HTMLAnchorElement | null} */ (find('#raw'))?.click();
  });
  overlay(() => import('../overlay.js').then(({ listOf }) => listOf([['n / p', 'next / previous failure'], ['f or /', 'search'], ['enter / shift + enter', 'next / previous find'], ['w', 'wrap long lines'], ['shift + l', 'raw log'], ['home / end', 'first / last line']])));
  document.documentElement.dataset.ready = '';
}

/**
 * Adds what a task writes while it runs; goes to the line of a link when that has come.
 * @param {HTMLElement} box @param {Lines} lines @param {View} view @param {() => void} tell @param {() => void} minimap
 * @param {{ line: number, jump: () => unknown } | null} sought
 */
function followLive(box, lines, view, tell, minimap, sought) {
  const source = new EventSource(box.dataset.live ?? '');
  source.addEventListener('lines', (event) => {
    const { start, lines: text } = JSON.parse(event.data);
    const atEnd = view.atEnd;
    lines.append(start, text);
    tell();
    view.size();
    if (sought && lines.total > sought.line) {
      sought.jump();
      sought = null;
    } else if (atEnd && !sought) view.go(lines.total);
  });
  source.addEventListener('failure', (event) => {
    const { line_number: number, line } = JSON.parse(event.data);
    view.failures.add(number);
    const list = find('#failures');
    list?.append(make('li', { 'data-failure': number }, make('a', { class: 'line-number', href: `#L${number + 1}`, text: number + 1 }), make('code', { text: line })));
    find('#no-failures')?.remove();
    minimap();
    view.draw();
  });
  source.addEventListener('end', () => { source.close(); tell(); });
  source.addEventListener('error', (event) => {
    if (event instanceof MessageEvent) {
      source.close();
      toast(JSON.parse(event.data).detail, { error: true });
    }
  });
}
