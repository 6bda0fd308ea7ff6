// @ts-check
// Rows of a push: platforms, in them groups, in them jobs; the server lays out by the same rules (`layout.rs`).
import { LETTERS, isFailure } from './status.js';

/** @typedef {import('./model.js').Job} Job */
/** @typedef {{ symbol: string | null, name: string, tier: number, jobs: Job[], counts: [string, number][], key: string }} LaidGroup */
/** @typedef {{ title: string, order: number, groups: LaidGroup[] }} LaidRow */
/** @typedef {{ expanded: boolean, duplicates: boolean, open: Set<string> }} Style */

/**
 * Lays out jobs.
 * @param {Iterable<Job>} jobs @param {(job: Job) => boolean} shows @param {Style} style
 * @returns {LaidRow[]}
 */
export function layOut(jobs, shows, style) {
  /** @type {Map<string, { title: string, order: number, groups: Map<string, Job[]> }>} */
  const rows = new Map();
  for (const job of jobs) {
    if (!shows(job)) continue;
    const { kind } = job;
    const place = kind.row.order + '\n' + kind.row.title;
    let row = rows.get(place);
    if (!row) rows.set(place, (row = { title: kind.row.title, order: kind.row.order, groups: new Map() }));
    const key = kind.group.symbol + '\n' + kind.tier + '\n' + kind.group.name;
    const group = row.groups.get(key);
    if (group) group.push(job);
    else row.groups.set(key, [job]);
  }
  const ordered = [...rows.values()].sort((a, b) => a.order - b.order || compare(a.title, b.title));
  return ordered.map((row) => ({
    title: row.title,
    order: row.order,
    groups: [...row.groups.values()].map((jobs) => layGroup(row.title, jobs, style)).sort(groupOrder),
  }));
}

/** @param {string} a @param {string} b */
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** @param {LaidGroup} a @param {LaidGroup} b */
const groupOrder = (a, b) => (a.symbol ?? '').length - (b.symbol ?? '').length || a.tier - b.tier || compare(a.symbol ?? '', b.symbol ?? '') || compare(a.name, b.name);

/** @param {string} title @param {Job[]} jobs @param {Style} style @returns {LaidGroup} */
function layGroup(title, jobs, style) {
  const { group, tier } = jobs[0].kind;
  const symbol = group.symbol === '?' ? null : group.symbol;
  const key = `${title}\n${group.symbol}\n${tier}`;
  jobs.sort((a, b) => compare(a.kind.sort, b.kind.sort) || a.id - b.id);
  const laid = { symbol, name: group.name, tier, key };
  if (symbol === null || style.expanded || style.open.has(key)) return { ...laid, jobs, counts: [] };
  /** @type {Map<string, number>} */
  const occurrences = new Map();
  for (const job of jobs) occurrences.set(job.kind.symbol, (occurrences.get(job.kind.symbol) ?? 0) + 1);
  const alone = (/** @type {Job} */ job) => isFailure(job.status) || (style.duplicates && (occurrences.get(job.kind.symbol) ?? 0) > 1);
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const job of jobs) if (!alone(job)) counts.set(job.status, (counts.get(job.status) ?? 0) + 1);
  return {
    ...laid,
    // One job takes no more room than its count.
    jobs: jobs.filter((job) => alone(job) || counts.get(job.status) === 1),
    counts: LETTERS.filter((letter) => (counts.get(letter) ?? 0) > 1).map((letter) => [letter, counts.get(letter) ?? 0]),
  };
}
