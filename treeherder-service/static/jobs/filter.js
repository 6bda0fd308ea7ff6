// @ts-check
// Which jobs are shown, as the URL says; the server filters by the same rules (`filter.rs`).
import { LETTERS, STATUS, isClassified, isFailure } from './status.js';

/** @typedef {import('./model.js').Job} Job */

export const SHOWN = ['t', 'b', 'e', 's', 'r', 'u', 'g', 'p'];
const CONTAINED = { job_type_name: (/** @type {Job} */ job) => job.kind.name, job_group_name: (/** @type {Job} */ job) => job.kind.group.name, platform: (/** @type {Job} */ job) => `${job.kind.row.platform} ${job.kind.row.title}` };
const EQUAL = { job_type_symbol: (/** @type {Job} */ job) => job.kind.symbol, job_group_symbol: (/** @type {Job} */ job) => job.kind.group.symbol, failure_classification_id: (/** @type {Job} */ job) => String(job.classification) };
export const FIELDS = [...Object.keys(CONTAINED), ...Object.keys(EQUAL)];

/** All values of a parameter in lower case: repeated, or with commas or blanks between them. @param {URLSearchParams} params @param {string} name */
export function list(params, name) {
  const values = [...params.getAll(name), ...params.getAll('filter-' + name)];
  return values.flatMap((value) => value.split(/[ ,]/)).filter(Boolean).map((value) => value.toLowerCase());
}

/** Reads the filter of a URL. */
export class Filter {
  /** @param {URLSearchParams} params */
  constructor(params) {
    const names = list(params, 'resultStatus');
    this.statuses = new Set(names.length ? LETTERS.filter((letter) => names.includes(STATUS[letter].name)) : SHOWN);
    const states = list(params, 'classifiedState');
    this.classified = !states.length || states.includes('classified');
    this.unclassified = !states.length || states.includes('unclassified');
    const tiers = list(params, 'tier').map(Number);
    this.tiers = new Set(tiers.length ? tiers : [1, 2]);
    this.words = list(params, 'searchStr');
    this.contained = Object.entries(CONTAINED).map(([name, of]) => ({ of, wanted: list(params, name) })).filter((field) => field.wanted.length);
    this.equal = Object.entries(EQUAL).map(([name, of]) => ({ of, wanted: list(params, name) })).filter((field) => field.wanted.length);
  }

  /** @param {Job} job */
  matches(job) {
    return this.statuses.has(job.status)
      && !job.elsewhere
      && (isClassified(job.classification) ? this.classified : this.unclassified)
      && this.tiers.has(job.kind.tier)
      && this.words.every((word) => job.kind.text.includes(word))
      && this.contained.every((field) => { const value = field.of(job).toLowerCase(); return field.wanted.some((wanted) => value.includes(wanted)); })
      && this.equal.every((field) => field.wanted.includes(field.of(job).toLowerCase()));
  }

  /** Whether only unclassified failures are shown. */
  get unclassifiedOnly() {
    return !this.classified && [...this.statuses].every(isFailure);
  }
}

/** Writes statuses into a URL; the usual ones are left out. @param {URLSearchParams} params @param {Set<string>} statuses */
export function setStatuses(params, statuses) {
  params.delete('filter-resultStatus');
  if (statuses.size === SHOWN.length && SHOWN.every((letter) => statuses.has(letter))) params.delete('resultStatus');
  else params.set('resultStatus', LETTERS.filter((letter) => statuses.has(letter)).map((letter) => STATUS[letter].name).join(','));
}
