// @ts-check
// The panel beside the list: the same HTML as the job's own page.
import { Refused, ask } from '../api.js';
import { all, find, later, make, safe, toast } from '../dom.js';

/** @typedef {import('./board.js').Board} Board */
/** @typedef {import('./pinboard.js').Pinboard} Pinboard */

/** What only a selected job needs is loaded with the first one. */
const further = () => import('./enrich.js');
/** @type {typeof import('./enrich.js').enrich | undefined} */
let enrich;

export class Details {
  /** @type {AbortController | undefined} */
  request;
  /** The part that somebody chose; kept from job to job. */
  tab = '';
  loadSoon = later(200, (/** @type {number} */ id) => this.load(id));
  last = 0;

  /** @param {Board} board @param {Pinboard} pinboard */
  constructor(board, pinboard) {
    this.board = board;
    this.pinboard = pinboard;
    this.panel = /** @type {HTMLElement} */ (find('#panel'));
    board.list.addEventListener('click', (event) => {
      const job = board.jobOf(event.target);
      if (!job || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      if (event.ctrlKey) pinboard.toggle(job.id);
      else this.select(job.id);
    });
    this.panel.addEventListener('click', (event) => this.clicked(event));
    this.panel.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft') return;
      if (!(/** @type {Element} */ (event.target).matches('[role="tab"]'))) return;
      event.preventDefault();
      this.nextTab(event.key === 'ArrowRight' ? 1 : -1);
      find('[role="tab"][aria-selected="true"]', this.panel)?.focus();
    });
    document.addEventListener('classified', () => this.reload());
    this.restore();
  }

  /** Selects what the URL names. */
  async restore() {
    const selected = this.panel.dataset.selected;
    if (selected) {
      const id = Number(selected);
      this.board.selected = id;
      this.board.mark(id);
      if (!this.board.model.job(id)) toast('The selected job is not of the pushes shown here.', { error: true, action: 'Show its push', run: () => { const revision = find('[data-revision]', this.panel)?.dataset.revision; if (revision) location.href = `/jobs?repo=${encodeURIComponent(this.board.repo)}&revision=${revision}&selectedJob=${id}`; } });
      this.shown();
    } else if (this.board.params.get('selectedTaskRun') || this.board.params.get('selectedJob')) {
      toast('The selected job was not found.', { error: true });
    }
  }

  /** @param {number} id */
  select(id) {
    const quick = performance.now() - this.last < 200;
    this.last = performance.now();
    this.reveal(true);
    // After that: the panel may lie over a part of the list.
    this.board.mark(id);
    // What is still on its way is of another job.
    this.request?.abort();
    this.request = undefined;
    this.name(id);
    this.panel.setAttribute('aria-busy', 'true');
    if (quick) this.loadSoon(id);
    else this.load(id);
  }

  /** The details that are shown, if they are of a job. @param {number} id @returns {HTMLElement | null} */
  of(id) {
    return find(`[data-job="${id}"]`, this.panel);
  }

  /** Names a job in the URL, by its task as soon as that is known. @param {number} id */
  name(id) {
    const { task, run } = this.of(id)?.dataset ?? {};
    const [name, value] = task ? ['selectedTaskRun', `${task}.${run}`] : ['selectedJob', String(id)];
    if (this.board.params.get(name) === value) return;
    try {
      this.board.setParams((params) => {
        params.delete('selectedJob');
        params.delete('selectedTaskRun');
        params.set(name, value);
      });
    } catch {
      // Browsers refuse to change a URL so often that a key that is held down gets there; the next job is named again.
    }
  }

  /** Loads the details of a job if it is still the one that is selected. @param {number} id */
  async load(id) {
    if (id !== this.board.selected) return;
    this.request?.abort();
    const request = (this.request = new AbortController());
    if (!this.panel.childElementCount) this.panel.innerHTML = '<div class="skeleton" aria-hidden="true"><i></i><i></i><i></i><i></i></div>';
    further();
    try {
      const html = await ask(`/jobs/${encodeURIComponent(this.board.repo)}/${id}?part=panel`, { signal: request.signal });
      const former = this.of(id);
      const { scrollTop } = this.panel;
      this.panel.innerHTML = html;
      this.panel.scrollTop = 0;
      // Who reads on while the job changes stays where they are.
      this.shown(former && { box: former, scrollTop });
      this.name(id);
    } catch (error) {
      if (request.signal.aborted) return;
      const words = error instanceof Refused && error.status === 404 ? 'This job is not there any more.' : 'The details could not be loaded.';
      this.panel.innerHTML = `<div class="note"><h2>${words}</h2><p>${safe(error instanceof Refused ? '' : /** @type {Error} */ (error).message)}</p><button type="button" data-act="reload">Try again</button></div>`;
    } finally {
      if (this.request === request) this.panel.removeAttribute('aria-busy');
    }
  }

  /** Loads the selected job anew, after it changed. */
  reload() {
    if (this.board.selected && !this.panel.hidden) this.load(this.board.selected);
  }

  /** @param {boolean} on */
  reveal(on) {
    this.panel.hidden = !on;
    find('#split')?.classList.toggle('with-panel', on);
  }

  close() {
    if (this.panel.hidden) return;
    this.request?.abort();
    this.reveal(false);
    this.panel.replaceChildren();
    const element = find(`.j[data-id="${this.board.selected}"]`, this.board.list);
    this.board.mark(0);
    element?.focus({ preventScroll: true });
    this.board.setParams((params) => { params.delete('selectedJob'); params.delete('selectedTaskRun'); });
  }

  /** Makes tabs of the parts. @param {{ box: HTMLElement, scrollTop: number } | null} [former] what was shown of the same job before */
  shown(former) {
    this.reveal(true);
    const seen = former && find('[data-part]:not([hidden])', former.box)?.dataset.part;
    this.tabs(seen);
    const job = find('[data-job]', this.panel);
    const add = () => {
      if (!enrich || !job?.isConnected) return;
      enrich(this.panel, this.board.repo, former?.box);
      this.tabs(seen);
      if (former && find('[data-part]:not([hidden])', job)?.dataset.part === seen) this.panel.scrollTop = former.scrollTop;
    };
    // At once where that is possible: whoever reads a part never sees the panel without it, nor is it copied without it.
    if (enrich) add();
    else further().then((module) => { ({ enrich } = module); add(); }, () => toast('A part of this page could not be loaded.', { error: true }));
  }

  /** @param {string | null} [seen] the part that is read, which need not have been chosen */
  tabs(seen) {
    const parts = all('[data-part]', this.panel);
    const bar = find('[data-tabs]', this.panel);
    if (!bar || !parts.length) return;
    const focused = /** @type {HTMLElement | null} */ (bar.contains(document.activeElement) ? document.activeElement : null)?.dataset.tab;
    bar.setAttribute('role', 'tablist');
    bar.replaceChildren(...parts.map((part) => {
      part.setAttribute('role', 'tabpanel');
      part.id = `part-${part.dataset.part}`;
      return make('button', { type: 'button', role: 'tab', id: `tab-${part.dataset.part}`, 'aria-controls': part.id, 'data-tab': part.dataset.part, text: part.dataset.title ?? '' });
    }));
    for (const part of parts) part.setAttribute('aria-labelledby', `tab-${part.dataset.part}`);
    const usual = bar.dataset.tabs ?? '';
    this.show([this.tab, seen].find((name) => parts.some((part) => part.dataset.part === name)) ?? usual);
    if (focused) find(`[data-tab="${focused}"]`, bar)?.focus();
  }

  /** @param {string} name */
  show(name) {
    for (const part of all('[data-part]', this.panel)) part.hidden = part.dataset.part !== name;
    for (const tab of all('[role="tab"]', this.panel)) {
      const chosen = tab.dataset.tab === name;
      tab.setAttribute('aria-selected', String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      // On phones the tabs are wider than the screen.
      if (chosen && tab.parentElement) tab.parentElement.scrollLeft = tab.offsetLeft - 48;
    }
  }

  /** @param {number} [step] */
  nextTab(step = 1) {
    const tabs = all('[role="tab"]', this.panel);
    if (!tabs.length) return;
    const at = tabs.findIndex((tab) => tab.getAttribute('aria-selected') === 'true');
    this.tab = tabs[(at + step + tabs.length) % tabs.length].dataset.tab ?? '';
    this.show(this.tab);
  }

  /** Opens what the panel links to. @param {string} what */
  open(what) {
    const link = /** @type {HTMLAnchorElement | null} */ (find(`a[data-open="${what}"]`, this.panel));
    if (link) window.open(link.href, '_blank', 'noopener');
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const target = /** @type {HTMLElement} */ (/** @type {Element} */ (event.target).closest('[data-tab], [data-act], a[data-similar]'));
    if (!target) return;
    const { tab, act } = target.dataset;
    const id = this.board.selected;
    if (tab) {
      this.tab = tab;
      this.show(tab);
    } else if (target.dataset.similar) {
      if (event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.select(Number(target.dataset.similar));
    } else if (act === 'pin') this.pinboard.pin(id);
    else if (act === 'bug') { this.pinboard.pin(id); this.pinboard.addBug(target.dataset.bug ?? '', target.dataset.internal ?? '', { issue: { ...target.dataset, job: id } }); }
    else if (act === 'scroll') this.board.mark(id);
    else if (act === 'close') this.close();
    else if (act === 'reload') this.load(id);
    else if (act === 'copy') navigator.clipboard?.writeText(target.dataset.text ?? '').then(() => toast('Copied'));
    else if (act === 'issue') this.pinboard.issue(id, target.dataset.text ?? '');
    else if (act === 'file') import('./filer.js').then(({ file }) => file(this.pinboard, id, this.panel, target.dataset));
    else if (act === 'delete-note' || act === 'delete-bug') this.pinboard.remove(id, target.dataset).then((done) => { if (done) target.closest('li')?.remove(); this.load(id); });
  }
}
