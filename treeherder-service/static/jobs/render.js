// @ts-check
// Rows as HTML, as the server writes them (`templates/jobs/push.html`); groups are buttons here, links there.
import { safe } from '../dom.js';
import { STATUS, isClassified } from './status.js';

/** @typedef {import('./model.js').Job} Job */
/** @typedef {import('./layout.js').LaidRow} LaidRow */

/** A group of fewer jobs and counts is not broken into lines. */
const FEW = 12;

/** Class names of a job: its status, whether it is classified and how. @param {Job} job */
export function classes(job) {
  const more = isClassified(job.classification) ? ' star' : job.classification === 7 ? ' hollow' : job.classification === 6 ? ' new' : '';
  return `j s-${job.status}${more}`;
}

/** What a screen reader says. @param {Job} job */
export const spoken = (job) => `${STATUS[job.status].words}: ${job.kind.name}, ${job.kind.row.title}${isClassified(job.classification) ? ', classified' : ''}`;

/** What is shown beside the pointer. @param {Job} job @param {number} now seconds since the epoch */
export function hint(job, now) {
  const going = job.status === 'g' || job.status === 'p';
  const minutes = job.minutes + (going ? Math.max(0, Math.floor((now - job.at) / 60)) : 0);
  return `${job.kind.name} - ${STATUS[job.status].name} - ${minutes} mins`;
}

/** What is written when no job is shown. */
export const NOTHING = '<p class="quiet">No jobs to show.</p>';

/**
 * Writes one row.
 * @param {string} repo @param {LaidRow} row @param {(job: Job) => string} [extra] further class names
 */
export function rowHtml(repo, row, extra = () => '') {
  const base = `/jobs/${encodeURIComponent(repo)}/`;
  const jobHtml = (/** @type {Job} */ job) => `<a class="${classes(job)}${extra(job)}" href="${base}${job.id}" data-id="${job.id}" aria-label="${safe(spoken(job))}">${safe(job.kind.symbol)}</a>`;
  const groups = row.groups.map((group) => {
    const jobs = group.jobs.map(jobHtml).join('');
    if (group.symbol === null) return jobs;
    const key = safe(group.key);
    const tier = group.tier === 1 ? '' : ` <small>[tier ${group.tier}]</small>`;
    const counts = group.counts.map(([letter, count]) => `<a class="c s-${letter}" href="?group_state=expanded" role="button" data-group="${key}" aria-label="${count} ${STATUS[letter].words} in ${safe(group.name)}, show them">+${count}</a>`).join('');
    return `<span class="g${group.jobs.length + group.counts.length < FEW ? ' few' : ''}"><a class="gs" href="?group_state=expanded" role="button" data-group="${key}" title="${safe(group.name)}">${safe(group.symbol)}${tier}</a>${jobs}${counts}</span>`;
  });
  return `<div class="row"><h3>${safe(row.title)}</h3><div class="jobs">${groups.join('')}</div></div>`;
}

/** @param {string} repo @param {LaidRow[]} rows @param {(job: Job) => string} [extra] further class names */
export const rowsHtml = (repo, rows, extra) => rows.map((row) => rowHtml(repo, row, extra)).join('') || NOTHING;

/** All that can change about a row from one drawing to the next. @param {LaidRow} row @param {(job: Job) => string} [extra] as above */
export function look(row, extra = () => '') {
  let text = '';
  for (const group of row.groups) {
    if (group.symbol !== null) text += `${group.symbol}/${group.tier}/${group.name} `;
    for (const job of group.jobs) text += `${job.id}${classes(job)}${extra(job)}${job.kind.symbol} `;
    for (const [letter, count] of group.counts) text += `${letter}+${count} `;
  }
  return text;
}

/** @param {Element} head */
const lookOfGroup = (head) => `${head.firstChild?.textContent?.trim()}/${head.querySelector('small')?.textContent?.match(/\d+/)?.[0] ?? 1}/${head.getAttribute('title')}`;

/** The same, read from a row on the page, which the server may have written. @param {Element} row */
export function lookOf(row) {
  let text = '';
  for (const element of row.querySelectorAll('a')) {
    const id = element.getAttribute('data-id');
    if (id) text += `${id}${element.className}${element.textContent} `;
    else if (element.classList.contains('gs')) text += `${lookOfGroup(element)} `;
    else text += `${element.className.slice(-1)}${element.textContent} `;
  }
  return text;
}

/** Makes buttons of the groups of a row that the server wrote. @param {Element} row @param {LaidRow} laid */
export function adopt(row, laid) {
  const groups = new Map(laid.groups.map((group) => [`${group.symbol}/${group.tier}/${group.name}`, group.key]));
  let key = '';
  for (const element of row.querySelectorAll('.gs, .c')) {
    if (element.hasAttribute('data-group')) continue;
    if (element.classList.contains('gs')) key = groups.get(lookOfGroup(element)) ?? '';
    element.setAttribute('role', 'button');
    element.setAttribute('data-group', key);
  }
}
