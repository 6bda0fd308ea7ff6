// @ts-check
// The pushes on the page: draws what the model has and the filter lets through.
import { all, find, safe, whenShown } from '../dom.js';
import { Filter } from './filter.js';
import { layOut } from './layout.js';
import { Model, progress } from './model.js';
import { NOTHING, adopt, classes, hint, look, lookOf, rowHtml, spoken } from './render.js';
import { isClassified, isFailure } from './status.js';

/** @typedef {import('./model.js').Job} Job */
/** @typedef {import('./model.js').Data} Data */

/** Not every browser tells when it has nothing to do. @type {(run: (deadline: { timeRemaining(): number }) => void, options: { timeout: number }) => number} */
const whenIdle = window.requestIdleCallback ?? ((run) => setTimeout(() => run({ timeRemaining: () => 0 }), 30));

/** How long to draw, in milliseconds, before what is drawn is shown, while the page opens. */
const AT_A_TIME = 100;

/**
 * Gives rows names by their titles; of some platforms several have the same title.
 * @template T @param {[string, T][]} titled @returns {Map<string, T>}
 */
function named(titled) {
  /** @type {Map<string, T>} */
  const rows = new Map();
  for (const [title, row] of titled) {
    let name = title;
    while (rows.has(name)) name += "'";
    rows.set(name, row);
  }
  return rows;
}

export class Board {
  model = new Model();
  params = new URLSearchParams(location.search);
  filter = new Filter(this.params);
  /** Groups that are shown job by job. @type {Set<string>} */
  open = new Set();
  /** @type {Set<number>} */
  pinned = new Set();
  selected = 0;
  /** Pushes to draw when they come near the screen. @type {Set<number>} */
  waiting = new Set();
  idle = 0;
  /** What was drawn last of the rows of a push, by name: a row that stays the same is left alone. @type {Map<number, Map<string, { look: string, element: Element }>>} */
  drawn = new Map();

  /** @param {Data} data */
  constructor(data) {
    this.repo = data.repo;
    this.model.merge(data);
    const list = /** @type {HTMLElement} */ (find('#pushes'));
    this.list = list;
    list.addEventListener('click', (event) => this.clicked(event));
    list.addEventListener('pointerover', (event) => {
      const job = this.jobOf(event.target);
      if (job) /** @type {HTMLElement} */ (event.target).title = hint(job, Date.now() / 1000);
    });
    window.addEventListener('popstate', () => this.readUrl());
    this.holdBelow();
    this.meters();
    this.count();
    // The server leaves the jobs of all but the first pushes to us.
    this.waiting = new Set(all('.rows > noscript', list).map((element) => Number(/** @type {HTMLElement} */ (element.closest('[data-push]')).dataset.push)));
    this.drawOpening();
  }

  /** @param {EventTarget | null} target @returns {Job | undefined} */
  jobOf(target) {
    const element = target instanceof Element ? target.closest('[data-id]') : null;
    return element ? this.model.job(Number(element.getAttribute('data-id'))) : undefined;
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const target = /** @type {Element} */ (event.target);
    const group = target.closest('.gs, .c');
    if (group) {
      event.preventDefault();
      const rows = /** @type {HTMLElement} */ (target.closest('[data-push]'));
      const push = Number(rows.dataset.push);
      const key = this.groupKey(group);
      const before = this.open.has(key);
      if (before) this.open.delete(key);
      else this.open.add(key);
      this.draw(push);
      all('.gs', rows).find((element) => this.groupKey(element) === key)?.focus({ preventScroll: true });
      return;
    }
    const collapse = target.closest('[data-collapse]');
    if (collapse) this.collapse(Number(collapse.getAttribute('data-collapse')));
  }

  /** @param {Element} element */
  groupKey(element) {
    const key = element.getAttribute('data-group');
    if (key) return key;
    // What the server rendered has no key: row, symbol, tier.
    const head = element.closest('.g')?.querySelector('.gs');
    const tier = head?.querySelector('small')?.textContent?.match(/\d+/)?.[0] ?? '1';
    return `${element.closest('.row')?.querySelector('h3')?.textContent}\n${head?.firstChild?.textContent?.trim()}\n${tier}`;
  }

  /** @param {number} push */
  collapse(push) {
    const element = find(`#push-${push}`);
    if (!element) return;
    element.toggleAttribute('data-collapsed');
    const ids = all('[data-collapsed]', this.list).map((each) => each.dataset.push);
    this.setParams((params) => (ids.length ? params.set('collapsedPushes', ids.join(',')) : params.delete('collapsedPushes')));
  }

  get style() {
    return { expanded: this.params.get('group_state') === 'expanded', duplicates: this.params.get('duplicate_jobs') === 'visible', open: this.open };
  }

  /** Draws the jobs of a push. @param {number} push @param {Set<number>} [changed] jobs to point out */
  draw(push, changed) {
    const rows = find(`#rows-${push}`);
    if (!rows) return;
    const jobs = this.model.jobs.get(push)?.values() ?? [];
    const focused = rows.contains(document.activeElement) ? document.activeElement?.getAttribute('data-id') : null;
    const shown = [...jobs];
    const fine = new Set(shown.filter((job) => job.status === 's').map((job) => job.kind));
    const extra = (/** @type {Job} */ job) => (job.status === 't' && fine.has(job.kind) ? ' mixed' : '') + (this.pinned.has(job.id) ? ' pinned' : '') + (changed?.has(job.id) ? ' changed' : '');
    const laid = layOut(shown, (job) => this.filter.matches(job), this.style);
    this.waiting.delete(push);
    if (!this.drawRows(rows, push, laid, extra)) return;
    if (this.selected) find(`[data-id="${this.selected}"]`, rows)?.setAttribute('aria-current', 'true');
    if (focused) find(`[data-id="${focused}"]`, rows)?.focus({ preventScroll: true });
  }

  /**
   * Draws the rows that are not what they were. A filter mostly takes rows away and leaves the others alone.
   * @param {HTMLElement} box @param {number} push @param {import('./layout.js').LaidRow[]} laid @param {(job: Job) => string} extra
   * @returns {boolean} whether there were any
   */
  drawRows(box, push, laid, extra) {
    const before = this.drawn.get(push) ?? named(all('.row', box).map((element) => [element.firstElementChild?.textContent ?? '', { look: lookOf(element), element }]));
    /** @type {Map<string, { look: string, element: Element }>} */
    const now = new Map();
    /** @type {string[]} */
    const written = [];
    /** @type {{ look: string, element: Element }[]} */
    const fresh = [];
    for (const [name, row] of named(laid.map((row) => [row.title, row]))) {
      const known = before.get(name);
      const seen = look(row, extra);
      if (known?.look === seen) {
        adopt(known.element, row);
        now.set(name, known);
        continue;
      }
      const entry = { look: seen, element: box };
      now.set(name, entry);
      fresh.push(entry);
      written.push(rowHtml(this.repo, row, extra));
    }
    this.drawn.set(push, now);
    if (!fresh.length && now.size === before.size && !find(':scope > noscript', box)) return false;
    const template = document.createElement('template');
    template.innerHTML = laid.length ? written.join('') : NOTHING;
    const made = [...template.content.children];
    fresh.forEach((entry, place) => { entry.element = made[place]; });
    const wanted = laid.length ? [...now.values()].map(({ element }) => element) : made;
    const kept = new Set(wanted);
    for (const element of [...box.children]) if (!kept.has(element)) element.remove();
    let next = box.firstElementChild;
    for (const element of wanted) {
      if (element === next) next = next.nextElementSibling;
      else box.insertBefore(element, next);
    }
    return true;
  }

  /** Draws all pushes: those on the screen at once, the others when there is nothing else to do. */
  drawAll() {
    this.waiting = new Set(this.model.newestFirst().map((push) => push.id));
    this.drawNear();
    this.count();
    this.drawSoon();
  }

  /** Draws what waits and is on the screen or close to it. */
  drawNear() {
    for (const push of [...this.waiting]) {
      const box = find(`#push-${push}`)?.getBoundingClientRect();
      if (box && box.bottom > -200 && box.top < innerHeight + 200) this.draw(push);
    }
  }

  /** @param {boolean} [opening] whether nothing but this is to be done */
  drawSoon(opening = false) {
    this.list.setAttribute('aria-busy', String(this.waiting.size > 0));
    if (opening && !this.waiting.size) whenIdle(() => this.release(), { timeout: 300 });
    if (!this.waiting.size || this.idle) return;
    if (opening) this.idle = whenShown(() => this.drawOpening());
    else this.idle = whenIdle((deadline) => this.drawWaiting(() => deadline.timeRemaining() < 6), { timeout: 300 });
  }

  /**
   * Has the browser lay out nothing below the screen while the page opens: it would for two screens more, which takes longer than to
   * draw them.
   */
  holdBelow() {
    // All are asked before any is changed: else each question would lay the page out again.
    const below = all('.push', this.list).filter((push) => push.getBoundingClientRect().top > innerHeight);
    for (const push of below) push.classList.add('below');
  }

  /** Leaves it to the browser again what to lay out. */
  release() {
    for (const push of all('.push.below', this.list)) push.classList.remove('below');
  }

  /** While the page opens nobody types yet, and a browser that loads it has no idle time to give. */
  drawOpening() {
    const end = performance.now() + AT_A_TIME;
    this.drawWaiting(() => performance.now() > end, true);
  }

  /** @param {() => boolean} enough @param {boolean} [opening] */
  drawWaiting(enough, opening = false) {
    this.idle = 0;
    for (const push of this.waiting) {
      if (find(`#rows-${push}`)) this.draw(push);
      else this.waiting.delete(push);
      if (enough()) break;
    }
    this.drawSoon(opening);
  }

  /**
   * Takes in what the server told later and draws it.
   * @param {Data} data @param {'top' | 'bottom' | null} [place] where new pushes go
   */
  merge(data, place = null) {
    const { arrived, changed } = this.model.merge(data);
    const ids = new Set(arrived.map((push) => push.id));
    for (const push of place === 'top' ? [...arrived].reverse() : arrived) {
      const template = document.createElement('template');
      template.innerHTML = push.html ?? '';
      delete push.html;
      const element = template.content.firstElementChild;
      if (!element) continue;
      if (place === 'top') element.classList.add('arrived');
      if (place === 'top') this.list.prepend(element);
      else this.list.append(element);
      this.draw(push.id);
    }
    /** @type {Map<number, Set<number>>} */
    const byPush = new Map();
    for (const job of changed) if (!ids.has(job.push)) byPush.set(job.push, (byPush.get(job.push) ?? new Set()).add(job.id));
    for (const [push, jobs] of byPush) {
      this.draw(push, jobs);
      this.progress(push);
    }
    if (arrived.length) find('#nothing')?.remove();
    if (arrived.length || changed.length) {
      this.meters();
      this.count();
      document.dispatchEvent(new CustomEvent('merged'));
    }
    return { arrived, changed };
  }

  /** Writes how far a push is. @param {number} push */
  progress(push) {
    const place = find(`#push-${push} .progress`);
    if (!place) return;
    const now = progress(this.model.jobs.get(push)?.values() ?? []);
    const parts = [`<span class="percent">${now.percent} %</span> <span class="meter" aria-hidden="true" data-percent="${now.percent}"></span>`];
    if (now.running) parts.push(`<span>${now.running} in progress</span>`);
    if (now.failed) parts.push(`<span class="bad">${now.failed} unclassified</span>`);
    if (now.fixed) parts.push(`<span>${now.fixed} fixed by commit</span>`);
    place.innerHTML = parts.join(' ');
  }

  meters() {
    for (const meter of all('.meter[data-percent]', this.list)) meter.style.setProperty('--done', `${meter.dataset.percent}%`);
  }

  /** Counts unclassified failures, in all and of those that are shown. */
  count() {
    let failed = 0;
    let shown = 0;
    for (const job of this.model.all()) {
      if (!isFailure(job.status) || isClassified(job.classification) || job.kind.tier > 2) continue;
      failed++;
      if (this.filter.matches(job)) shown++;
    }
    const place = find('#unclassified');
    if (place) {
      place.innerHTML = `<b>${failed}</b> unclassified${shown === failed ? '' : ` (${safe(shown)} shown)`}`;
      place.toggleAttribute('data-none', !failed);
      place.setAttribute('aria-pressed', String(this.filter.unclassifiedOnly));
    }
    document.title = `${failed ? `[${failed}] ` : ''}${this.repo}`;
  }

  /** Changes the URL's parameters and draws accordingly. @param {(params: URLSearchParams) => void} change @param {boolean} [replace] */
  setParams(change, replace = true) {
    const params = new URLSearchParams(location.search);
    change(params);
    const query = `${params}`.replace(/%2C/g, ',');
    const url = location.pathname + (query && `?${query}`);
    if (replace) history.replaceState(null, '', url);
    else history.pushState(null, '', url);
    this.readUrl();
  }

  readUrl() {
    const params = new URLSearchParams(location.search);
    const presentation = (/** @type {URLSearchParams} */ of) => [...of].filter(([name]) => !['selectedTaskRun', 'selectedJob', 'collapsedPushes'].includes(name)).toString();
    const same = presentation(params) === presentation(this.params);
    this.params = params;
    if (same) return;
    this.filter = new Filter(params);
    this.drawAll();
    document.dispatchEvent(new CustomEvent('filtered'));
  }

  /** Shows a job as selected. @param {number} id @param {boolean} [scroll] */
  mark(id, scroll = true) {
    // What is not laid out cannot be scrolled to.
    this.release();
    for (const element of all('.j[aria-current]', this.list)) element.removeAttribute('aria-current');
    this.selected = id;
    const push = id ? this.model.job(id)?.push : undefined;
    if (push !== undefined && this.waiting.has(push)) this.draw(push);
    const element = id ? find(`.j[data-id="${id}"]`, this.list) : null;
    element?.setAttribute('aria-current', 'true');
    if (scroll) element?.scrollIntoView({ block: 'nearest' });
    return element;
  }

  /** The jobs that can be seen, in their order on the page. @returns {HTMLElement[]} */
  shown() {
    this.release();
    this.drawWaiting(() => false);
    return all('.push:not([data-collapsed]) .j', this.list);
  }

  /** Draws one job anew, where it is. @param {Job} job */
  redraw(job) {
    const element = find(`.j[data-id="${job.id}"]`, this.list);
    if (!element) return;
    // What is remembered of its row does not hold any more.
    this.drawn.delete(job.push);
    element.className = classes(job) + (this.pinned.has(job.id) ? ' pinned' : '');
    element.setAttribute('aria-label', spoken(job));
  }
}
