// @ts-check
// Lines of a log, fetched in pages when they are wanted; those not wanted for long are forgotten.
import { ask } from '../api.js';

const PAGE = 500;
const KEPT = 80;

export class Lines {
  total = 0;
  bytes = 0;
  /** @type {Map<number, string[]>} */
  pages = new Map();
  /** @type {Map<number, Promise<void>>} */
  asked = new Map();
  /** Lines that came live are all kept. */
  live = false;

  /** @param {string} url of `…/log/lines` */
  constructor(url) {
    this.url = url;
  }

  /** Returns a line, or nothing while it is not here. @param {number} number @returns {string | undefined} */
  get(number) {
    return this.pages.get(Math.floor(number / PAGE))?.[number % PAGE];
  }

  /** Sees to it that lines are here. @param {number} first @param {number} last */
  async want(first, last) {
    const waiting = [];
    for (let page = Math.max(0, Math.floor(first / PAGE)); page <= Math.floor(last / PAGE); page++) {
      const known = this.pages.get(page);
      if (known) {
        // The one used last is the last to be forgotten.
        this.pages.delete(page);
        this.pages.set(page, known);
      } else waiting.push(this.asked.get(page) ?? this.load(page));
    }
    await Promise.all(waiting);
  }

  /** @param {number} page */
  load(page) {
    const loading = this.fetch(page * PAGE, PAGE).then((lines) => {
      this.pages.set(page, lines);
      if (this.pages.size > KEPT && !this.live) {
        const oldest = this.pages.keys().next().value;
        if (oldest !== undefined) this.pages.delete(oldest);
      }
    }).finally(() => this.asked.delete(page));
    this.asked.set(page, loading);
    return loading;
  }

  /** @param {number} start @param {number} count @param {AbortSignal} [signal] @returns {Promise<string[]>} */
  async fetch(start, count, signal) {
    const answer = await ask(`${this.url}?start=${start}&count=${count}`, { signal });
    this.total = answer.total_lines;
    this.bytes = answer.total_bytes;
    return answer.lines;
  }

  /** Takes in lines of a log that is being written. @param {number} start @param {string[]} lines */
  append(start, lines) {
    this.live = true;
    lines.forEach((line, i) => {
      const number = start + i;
      const page = Math.floor(number / PAGE);
      let known = this.pages.get(page);
      if (!known) this.pages.set(page, (known = []));
      known[number % PAGE] = line;
    });
    this.total = Math.max(this.total, start + lines.length);
  }

  /**
   * Finds the next line with a text, from a line on and around the end; the server looks through the log, a live one is looked through here.
   * @param {string} text @param {number} from @param {1 | -1} step @param {boolean} exact whether case counts @param {AbortSignal} signal
   * @param {(done: number) => void} progress told how much is searched, from 0 to 1
   * @returns {Promise<number>} -1 when there is none
   */
  async find(text, from, step, exact, signal, progress) {
    if (this.live) return this.findHere(text, from, step, exact);
    const ends = step > 0 ? 0 : this.total - 1;
    let at = from;
    let around = false;
    for (;;) {
      const { line_number: found, next } = await this.look(text, at, step < 0, exact, signal);
      if (found !== null) return found;
      if (next === null || (around && (step > 0 ? next > from : next < from))) {
        if (around || from === ends) return -1;
        around = true;
        at = ends;
      } else at = next;
      const done = step > 0 ? at - from : from - at;
      progress((done < 0 || around ? done + this.total : done) / this.total);
    }
  }

  /**
   * Asks the server for the next line with a text; it may tell to go on elsewhere.
   * @param {string} text @param {number} start @param {boolean} backwards @param {boolean} exact @param {AbortSignal} signal
   * @returns {Promise<{ line_number: number | null, next: number | null }>}
   */
  look(text, start, backwards, exact, signal) {
    const query = new URLSearchParams({ text, start: String(start), backwards: String(backwards), match_case: String(exact) });
    return ask(`${this.url.replace(/lines$/, 'search')}?${query}`, { signal });
  }

  /** @param {string} text @param {number} from @param {1 | -1} step @param {boolean} exact */
  findHere(text, from, step, exact) {
    const wanted = exact ? text : text.toLowerCase();
    for (let i = 0; i < this.total; i++) {
      const at = (from + i * step + this.total) % this.total;
      const line = this.get(at) ?? '';
      if ((exact ? line : line.toLowerCase()).includes(wanted)) return at;
    }
    return -1;
  }

  /** @param {number} start @param {number} count */
  slice(start, count) {
    const lines = [];
    for (let i = start; i < Math.min(this.total, start + count); i++) lines.push(this.get(i) ?? '');
    return lines;
  }
}
