// @ts-check
// The lines that fit on the screen, whatever the length of the log.
import { find, make } from '../dom.js';
import { level, lineHtml } from './ansi.js';

/** @typedef {import('./lines.js').Lines} Lines */
/** @typedef {import('./range.js').Range} Range */

/** Browsers do not draw elements that are higher than some tens of millions of pixels. */
const HIGHEST = 8_000_000;
const ROW = 19;

export class View {
  /** Line at the top. */
  top = 0;
  /** @type {Range | null} */
  marked = null;
  /** @type {Set<number>} */
  failures = new Set();
  frame = 0;
  wrapped = false;
  /** Lines that are wholly on the screen, where they are wrapped. */
  fits = 1;
  /** The next scroll event is of our own making. */
  moving = false;
  /** The text that is searched for. */
  found = '';

  /** @param {HTMLElement} box @param {Lines} lines @param {(range: Range) => void} mark */
  constructor(box, lines, mark) {
    this.box = box;
    this.lines = lines;
    this.spacer = make('div', { class: 'log-spacer' });
    this.rows = make('div', { class: 'log-rows', role: 'list' });
    box.append(this.spacer, this.rows);
    box.addEventListener('scroll', () => this.scrolled(), { passive: true });
    box.addEventListener('wheel', (event) => {
      if (!this.scaled || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.move(event.deltaMode ? event.deltaY : event.deltaY / ROW);
    }, { passive: false });
    box.addEventListener('keydown', (event) => {
      const page = Math.max(1, (this.wrapped ? this.fits : this.fitting) - 1);
      /** @type {Record<string, number>} */
      const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, ' ': page, Home: -Infinity, End: Infinity };
      const step = steps[event.key];
      if (step === undefined || event.ctrlKey || event.altKey) return;
      event.preventDefault();
      if (Number.isFinite(step)) this.move(step);
      else this.go(step > 0 ? lines.total : 0);
    });
    this.rows.addEventListener('click', (event) => {
      const number = /** @type {HTMLElement} */ (event.target).closest('[data-line]');
      if (!(number instanceof HTMLElement)) return;
      event.preventDefault();
      const line = Number(number.dataset.line);
      const from = event.shiftKey && this.marked ? this.marked.first : line;
      mark({ first: Math.min(from, line), last: Math.max(from, line) });
    });
    new ResizeObserver(() => this.size()).observe(box);
  }

  get fitting() {
    return Math.max(1, Math.floor(this.box.clientHeight / ROW));
  }

  get scaled() {
    return this.lines.total * ROW > HIGHEST;
  }

  /** Room to scroll, in pixels. */
  get room() {
    return Math.max(1, this.spacer.offsetHeight - this.box.clientHeight);
  }

  /** The last line that can be at the top: how many fit below it is not known where they are wrapped. */
  get last() {
    return Math.max(0, this.lines.total - (this.wrapped ? 1 : this.fitting));
  }

  /** Fits the scroll bar to the number of lines. */
  size() {
    const height = this.wrapped ? this.box.clientHeight + this.last * ROW : this.lines.total * ROW;
    this.spacer.style.height = `${Math.min(HIGHEST, height)}px`;
    this.draw();
  }

  scrolled() {
    if (this.moving) {
      this.moving = false;
      return;
    }
    const share = this.box.scrollTop / this.room;
    this.top = this.scaled || this.wrapped ? share * this.last : this.box.scrollTop / ROW;
    this.draw();
  }

  /** @param {number} lines */
  move(lines) {
    const isAtBottom = this.wrapped && this.atEnd && lines < 0;
    this.go((isAtBottom ? this.lines.total - this.fits : this.top) + lines);
  }

  /** Brings a line to the top. @param {number} line */
  go(line) {
    this.top = Math.min(this.last, Math.max(0, line));
    const before = this.box.scrollTop;
    this.box.scrollTop = this.scaled || this.wrapped ? (this.top / Math.max(1, this.last)) * this.room : this.top * ROW;
    this.moving = this.box.scrollTop !== before;
    this.draw();
  }

  /** Shows a line with some before it; where lines are wrapped, those before may be higher than the screen. @param {number} line */
  show(line) {
    if (this.wrapped) this.go(line);
    else if (line < this.top + 1 || line > this.top + this.fitting - 2) this.go(line - Math.floor(this.fitting / 3));
    else this.draw();
  }

  get atEnd() {
    return this.top >= this.last - 1;
  }

  draw() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    this.frame = 0;
    const isAtBottom = this.wrapped && this.atEnd;
    const first = isAtBottom ? Math.max(0, this.lines.total - this.fitting) : Math.floor(this.top);
    const last = Math.min(this.lines.total, first + this.fitting + 2);
    let missing = false;
    const html = [];
    for (let number = first; number < last; number++) {
      const line = this.lines.get(number);
      if (line === undefined) missing = true;
      const marked = this.marked && number >= this.marked.first && number <= this.marked.last;
      const classes = `log-line ${line ? level(line) : ''}${this.failures.has(number) ? ' failure' : ''}${marked ? ' marked' : ''}${this.found && line?.toLowerCase().includes(this.found) ? ' found' : ''}`;
      html.push(`<div class="${classes}" role="listitem"><a class="log-number" href="#L${number + 1}" data-line="${number}" tabindex="-1">${number + 1}</a><span class="log-text">${line === undefined ? ' ' : lineHtml(line)}</span></div>`);
    }
    this.rows.innerHTML = html.join('');
    let offset = this.scaled || this.wrapped ? 0 : (this.top - first) * ROW;
    if (this.wrapped) {
      const room = this.box.clientHeight;
      if (isAtBottom) offset = Math.max(0, this.rows.offsetHeight - room);
      const rows = [...this.rows.children].map((row) => /** @type {HTMLElement} */ (row).offsetTop - offset);
      const ends = [...rows.slice(1), this.rows.offsetHeight - offset];
      this.fits = Math.max(1, rows.filter((top, at) => top >= 0 && ends[at] <= room).length);
    }
    this.rows.style.transform = `translateY(${this.box.scrollTop - offset}px)`;
    if (missing) {
      const before = this.lines.total;
      this.lines.want(first - 50, last + 50).then(() => (this.lines.total === before ? this.draw() : this.size()), (error) => {
        const text = find('.log-text', this.rows);
        if (text) text.textContent = `The lines could not be loaded: ${error.message}`;
      });
    } else if (!this.lines.live) this.lines.want(first - 200, Math.min(this.lines.total - 1, last + 400)).catch(() => { /* Asked for again when they are on the screen. */ });
  }
}
