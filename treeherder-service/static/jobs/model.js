// @ts-check
// The pushes and jobs that the page knows.
import { isClassified, isFailure } from './status.js';

/** @typedef {{ title: string, platform: string, order: number }} Row */
/** @typedef {{ symbol: string, name: string }} Group */
/** What jobs of one kind have in common. @typedef {{ row: Row, group: Group, symbol: string, name: string, tier: number, text: string, sort: string }} Kind */
/** @typedef {{ id: number, push: number, status: string, classification: number, minutes: number, at: number, kind: Kind, elsewhere: boolean }} Job */
/** @typedef {{ id: number, revision: string, author: string, time: number, html?: string }} Push */
/** @typedef {{ push: number, ids: number[], kinds: number[], status: string, classes: string, minutes: number[] }} Columns */
/** What `Data` in `data.rs` writes. @typedef {{ repo: string, now: number, cursor?: string, pushes: Push[], rows: [string, string, number][], groups: [string, string][], kinds: [number, number, string, string, number][], jobs: Columns[], elsewhere?: number[] }} Data */

/** Pads the numbers of a symbol, so that `bc2` comes before `bc10`. @param {string} symbol */
export const padded = (symbol) => symbol.replace(/\d+/g, (digits) => digits.padStart(3, '0'));

/** @param {Data} data @returns {Kind[]} */
function kindsOf(data) {
  const rows = data.rows.map(([title, platform, order]) => ({ title, platform, order }));
  const groups = data.groups.map(([symbol, name]) => ({ symbol, name }));
  return data.kinds.map(([row, group, symbol, name, tier]) => {
    const named = groups[group].name === 'unknown' ? '' : groups[group].name;
    const text = `${rows[row].title} ${named} ${name.replace(/-\d+$/, '')} ${symbol}`.toLowerCase();
    return { row: rows[row], group: groups[group], symbol, name, tier, text, sort: padded(symbol) };
  });
}

/** Pushes and jobs of one repository. */
export class Model {
  /** @type {Map<number, Push>} */
  pushes = new Map();
  /** @type {Map<number, Map<number, Job>>} */
  jobs = new Map();
  /** Changes up to this moment are known. */
  cursor = '';

  /**
   * Takes in data, of which some or all may be known.
   * @param {Data} data
   * @returns {{ arrived: Push[], changed: Job[] }} pushes that are new, jobs that are new or other than before
   */
  merge(data) {
    const arrived = data.pushes.filter((push) => !this.pushes.has(push.id));
    for (const push of arrived) this.pushes.set(push.id, push);
    const kinds = kindsOf(data);
    const elsewhere = new Set(data.elsewhere);
    /** @type {Job[]} */
    const changed = [];
    for (const columns of data.jobs) {
      let known = this.jobs.get(columns.push);
      if (!known) this.jobs.set(columns.push, (known = new Map()));
      let id = 0;
      for (let i = 0; i < columns.ids.length; i++) {
        id += columns.ids[i];
        const job = { id, push: columns.push, elsewhere: elsewhere.has(id), status: columns.status[i], classification: Number(columns.classes[i]), minutes: columns.minutes[i], at: data.now, kind: kinds[columns.kinds[i]] };
        const before = known.get(id);
        known.set(id, job);
        if (!before || before.status !== job.status || before.classification !== job.classification) changed.push(job);
      }
    }
    if (data.cursor && data.cursor > this.cursor) this.cursor = data.cursor;
    return { arrived, changed };
  }

  /** @param {number} id @returns {Job | undefined} */
  job(id) {
    for (const jobs of this.jobs.values()) {
      const job = jobs.get(id);
      if (job) return job;
    }
    return undefined;
  }

  /** Pushes, the newest first. */
  newestFirst() {
    return [...this.pushes.values()].sort((a, b) => b.time - a.time || b.id - a.id);
  }

  /** All jobs. */
  *all() {
    for (const jobs of this.jobs.values()) yield* jobs.values();
  }
}

/** How far a push is; hidden tiers do not count. What is not scheduled yet is unfinished, but no part of the percentage. @param {Iterable<Job>} jobs */
export function progress(jobs) {
  const counts = { completed: 0, running: 0, unfinished: 0, failed: 0, fixed: 0 };
  for (const job of jobs) {
    if (job.kind.tier > 2) continue;
    if ('pgn'.includes(job.status)) counts.unfinished++;
    else counts.completed++;
    if (job.status === 'p' || job.status === 'g') counts.running++;
    if (isFailure(job.status)) {
      if (!isClassified(job.classification)) counts.failed++;
      if (job.classification === 2) counts.fixed++;
    }
  }
  const total = counts.completed + counts.running;
  return { ...counts, percent: total ? Math.floor((counts.completed * 100) / total) : 0 };
}
