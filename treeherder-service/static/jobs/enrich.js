// @ts-check
// What the details get from the API after they are shown: suggested bugs, annotations, similar jobs.
import { ask } from '../api.js';
import { all, find, make, safe } from '../dom.js';
import { localTimes } from '../page.js';
import { OFTEN } from './pinboard.js';
import { STATUS, classificationName } from './status.js';

/** @typedef {{ id: number | null, internal_id: number, summary: string, resolution: string, dupe_of: number | null, occurrences: number | null }} Bug */
/** @typedef {{ search: string, path_end: string | null, line_number: number, counter: number, failure_new_in_rev: boolean, bugs: { open_recent: Bug[], all_others: Bug[] } }} Suggestion */

/** Beyond this many, bugs say nothing. */
const TOO_MANY = 20;

/** @param {number} id */
const bugLink = (id) => `<a class="bug" href="https://bugzilla.mozilla.org/show_bug.cgi?id=${id}" target="_blank" rel="noopener">${id}</a>`;

/** What is known of a line for whoever files a bug for it. @param {Suggestion} suggestion */
const ofLine = ({ search, path_end: path, line_number: number }) => `data-text="${safe(search)}" data-path="${safe(path ?? '')}" data-line="${number + 1}"`;

/**
 * Writes a bug of a line. One that is a duplicate stands for the bug that it is a duplicate of, and an issue of our own that is seen often
 * asks for a bug (§11.8).
 * @param {Bug} bug @param {Suggestion} suggestion
 */
function bugHtml(bug, suggestion) {
  const name = bug.id === null ? `i${bug.internal_id}` : String(bug.id);
  const seen = bug.id === null ? bug.occurrences ?? 0 : 0;
  const title = `${safe(bug.summary)}${seen ? `, ${seen} times this week` : ''}`;
  const label = bug.id === null ? `<span class="bug">${name}</span>` : bugLink(bug.id);
  const meant = bug.dupe_of ?? bug.id;
  const duplicate = bug.dupe_of ? ` <span class="quiet">a duplicate of ${bugLink(bug.dupe_of)}</span>` : '';
  const issue = meant === null ? ` data-seen="${seen}" data-summary="${safe(bug.summary)}" ${ofLine(suggestion)}` : '';
  const urge = meant === null && seen >= OFTEN ? ` <button type="button" class="plain urge" data-act="file" data-internal="${bug.internal_id}"${issue}>Seen often: file a bug</button>` : '';
  const words = bug.dupe_of ? `Pin the job and bug ${meant}, of which ${name} is a duplicate` : `Pin the job and bug ${name}`;
  return `<li${bug.resolution ? ' class="resolved"' : ''}><button type="button" class="plain" data-act="bug" data-bug="${meant ?? ''}" data-internal="${bug.internal_id}"${issue} title="${words}" aria-label="${words}">+</button> ${label} ${title}${duplicate}${urge}</li>`;
}

/** Lists the bugs of a line: the open ones, the others behind a fold, none when there are too many. @param {Suggestion} suggestion */
export function bugsHtml(suggestion) {
  const { open_recent: open, all_others: others } = suggestion.bugs;
  const bugHtmls = (/** @type {Bug[]} */ bugs) => bugs.map((bug) => bugHtml(bug, suggestion)).join('');
  if (open.length > TOO_MANY) return '<p class="quiet">Too many bugs are like this one to be of help.</p>';
  const parts = [];
  if (open.length) parts.push(`<ul class="bugs-found">${bugHtmls(open)}</ul>`);
  if (others.length && others.length <= TOO_MANY) parts.push(`<details><summary>${others.length} resolved</summary><ul class="bugs-found">${bugHtmls(others)}</ul></details>`);
  return parts.join('');
}

/** Bugs are told at the first line of each test only. @param {Suggestion[]} suggestions */
export function withBugs(suggestions) {
  /** @type {Set<string>} */
  const seen = new Set();
  return suggestions.map((suggestion) => {
    const first = !suggestion.path_end || !seen.has(suggestion.path_end);
    if (suggestion.path_end) seen.add(suggestion.path_end);
    return { suggestion, html: first ? bugsHtml(suggestion) : '' };
  });
}

/** Lines that say no more than that something failed. */
const GENERIC = [/ finished in \d+ms$/, /xpcshell return code: -?\d+/, /\[taskcluster:error\] exit status \d+/];

/** Tells which lines say nothing that another one does not say better. @param {string[]} lines @returns {boolean[]} */
export function needless(lines) {
  const generic = lines.map((line) => GENERIC.some((pattern) => pattern.test(line)));
  return generic.every(Boolean) ? generic.map(() => false) : generic;
}

/** The failure lines by the number that is written before them. @param {ParentNode} panel */
const linesOf = (panel) => new Map(all('.lines li', panel).map((line) => [find('.line-number', line)?.textContent, line]));

/** @param {HTMLElement} panel @param {string} job */
async function suggest(panel, job) {
  const lines = linesOf(panel);
  if (!lines.size) return;
  /** @type {Suggestion[]} */
  const suggestions = await ask(`${job}/bug_suggestions/`);
  // The server marks one where the line itself says so.
  let marked = !!find('.new-mark:not(.suggested *)', panel);
  const hidden = needless(suggestions.map((suggestion) => suggestion.search));
  for (const [place, { suggestion, html }] of withBugs(suggestions).entries()) {
    const line = lines.get(String(suggestion.line_number + 1));
    if (!line) continue;
    line.hidden = hidden[place];
    const box = make('div', { class: 'suggested' });
    box.innerHTML = `${html}<p class="quiet"><button type="button" class="plain" data-act="copy" data-text="${safe(suggestion.search)}">copy</button><button type="button" class="plain" data-act="file" ${ofLine(suggestion)}>file bug</button>${html ? '' : `<button type="button" class="plain" data-act="issue" data-text="${safe(suggestion.search)}">internal issue</button>`}${suggestion.counter ? ` seen ${suggestion.counter} times lately` : ''}</p>`;
    // A failure that was never seen before is what a sheriff looks for.
    if (!marked && suggestion.failure_new_in_rev && suggestion.search.split(' | ').length === 3) {
      marked = true;
      box.prepend(make('b', { class: 'new-mark', text: 'new' }));
    }
    const told = find('.suggested', line);
    const fold = find('details', box);
    if (fold && told && find('details[open]', told)) fold.setAttribute('open', '');
    told?.remove();
    line.append(box);
  }
}

/** @param {string} text */
const when = (text) => (text ? new Date(text.endsWith('Z') ? text : `${text}Z`).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' }) : '');

/** @param {HTMLElement} part @param {string} api @param {string} id */
async function annotate(part, api, id) {
  /** @type {[{ id: number, failure_classification_id: number, created: string, who: string, text: string }[], { bug_id: number | null, bug_internal_id: number, created: string, who: string }[]]} */
  const [notes, bugs] = await Promise.all([ask(`${api}/note/?job_id=${id}`), ask(`${api}/bug-job-map/?job_id=${id}`)]);
  const noteRows = notes.map((note) => `<li><b>${safe(classificationName(note.failure_classification_id))}</b> ${safe(note.text)} <span class="quiet">${safe(note.who)}, ${when(note.created)}</span> <button type="button" class="plain" data-act="delete-note" data-note="${note.id}" aria-label="Delete this classification">delete</button></li>`);
  const bugRows = bugs.map((bug) => {
    const name = bug.bug_id === null ? `i${bug.bug_internal_id}` : String(bug.bug_id);
    const shown = bug.bug_id === null ? name : `<a href="https://bugzilla.mozilla.org/show_bug.cgi?id=${bug.bug_id}" target="_blank" rel="noopener">bug ${bug.bug_id}</a>`;
    return `<li>${shown} <span class="quiet">${safe(bug.who)}, ${when(bug.created)}</span> <button type="button" class="plain" data-act="delete-bug" data-bug="${name}" aria-label="Take bug ${name} off this job">delete</button></li>`;
  });
  const list = find('.annotations', part);
  if (list) list.innerHTML = noteRows.length || bugRows.length ? `<ul class="files">${noteRows.join('')}${bugRows.join('')}</ul>` : '<p class="quiet">Nobody has classified this job.</p>';
}

/** Similar jobs on a page of their list. */
const SIMILAR = 20;

/** @param {HTMLElement} part @param {string} job @param {string} repo @param {boolean} failures @param {number} [offset] @param {number} [count] */
async function similar(part, job, repo, failures, offset = 0, count = SIMILAR) {
  const place = find('.similar', part);
  if (!place) return;
  /** @type {{ results: { id: number, result: string, state: string, platform: string, platform_option: string, start_timestamp: number, end_timestamp: number, push_id: number }[] }} */
  const { results } = await ask(`${job}/similar_jobs/?count=${count + 1}&offset=${offset}${failures ? '&nosuccess=' : ''}`);
  if (!results.length && !offset) {
    place.innerHTML = '<p class="quiet">There are none.</p>';
    return;
  }
  const rows = results.slice(0, count).map((row) => {
    const name = row.state === 'completed' ? row.result : row.state;
    const letter = Object.keys(STATUS).find((each) => STATUS[each].name === name) ?? 'k';
    const minutes = row.end_timestamp > row.start_timestamp ? Math.max(1, Math.round((row.end_timestamp - row.start_timestamp) / 60)) : '';
    return `<tr><td><a class="j s-${letter}" data-similar="${row.id}" href="/jobs/${encodeURIComponent(repo)}/${row.id}">${STATUS[letter].words}</a></td><td>${safe(row.platform)} ${safe(row.platform_option)}</td><td>${row.start_timestamp ? when(new Date(row.start_timestamp * 1000).toISOString()) : ''}</td><td class="num">${minutes}</td></tr>`;
  });
  const more = make('button', { type: 'button', text: 'More' });
  more.addEventListener('click', () => { more.remove(); similar(part, job, repo, failures, offset + count).catch(() => place.append(more)); });
  const body = find('tbody', place);
  if (offset && body) body.insertAdjacentHTML('beforeend', rows.join(''));
  else place.innerHTML = `<table><thead><tr><th scope="col">Result</th><th scope="col">Platform</th><th scope="col">Started</th><th scope="col" class="num">Minutes</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
  if (results.length > count) place.append(more);
}

/**
 * Adds the parts that need the API; each is filled when its answer comes, and says so when it does not. Until then it shows what it
 * showed of the same job before.
 * @param {HTMLElement} panel @param {string} repo @param {HTMLElement} [former]
 */
export function enrich(panel, repo, former) {
  const box = find('[data-job]', panel);
  if (!box) return;
  const id = box.dataset.job ?? '';
  const api = `/api/project/${encodeURIComponent(repo)}`;
  const job = `${api}/jobs/${id}`;
  const add = (/** @type {string} */ name, /** @type {string} */ title, /** @type {string} */ html) => {
    const part = make('section', { 'data-part': name, 'data-title': title });
    part.innerHTML = (former && find(`[data-part="${name}"]`, former)?.innerHTML) ?? `<h3>${title}</h3>${html}`;
    const performance = find('[data-part="performance"]', box);
    if (performance) performance.before(part);
    else box.append(part);
    return part;
  };
  const failed = (/** @type {HTMLElement | null} */ place) => (/** @type {Error} */ error) => {
    if (place) place.innerHTML = `<p class="quiet">That could not be loaded: ${safe(error.message)}</p>`;
  };
  const annotations = add('annotations', 'Annotations', '<div class="annotations"><p class="quiet">…</p></div>');
  const similars = add('similar', 'Similar', '<label><input type="checkbox"> failures only</label><div class="similar"><p class="quiet">…</p></div>');
  const more = former && find('[data-part="failures"] > details[open]', former) && find('[data-part="failures"] > details', panel);
  more?.setAttribute('open', '');
  const lines = linesOf(panel);
  for (const [number, line] of former ? linesOf(former) : []) {
    const [place, told] = [lines.get(number), find('.suggested', line)];
    if (!place || !told) continue;
    place.append(told);
    place.hidden = line.hidden;
  }
  suggest(panel, job).catch(() => { /* The lines are there; without suggestions they are still of use. */ });
  annotate(annotations, api, id).catch(failed(find('.annotations', annotations)));
  const onlyFailures = /** @type {HTMLInputElement | null} */ (find('input', similars));
  if (onlyFailures && former && find('[data-part="similar"] input:checked', former)) onlyFailures.checked = true;
  const loadSimilar = (/** @type {number} */ count) => similar(similars, job, repo, !!onlyFailures?.checked, 0, count).catch(failed(find('.similar', similars)));
  onlyFailures?.addEventListener('change', () => loadSimilar(SIMILAR));
  // As many as were there; a copied button does nothing.
  find('button', similars)?.remove();
  loadSimilar(Math.max(SIMILAR, all('[data-similar]', similars).length));
  if (find('[data-artifacts]', box)) {
    const artifacts = add('artifacts', 'Artifacts', '<div><p class="quiet">…</p></div>');
    const place = find('div', artifacts);
    ask(`/jobs/${encodeURIComponent(repo)}/${id}/artifacts?part=panel`).then((html) => { if (place) place.innerHTML = html; }).catch(failed(place));
  }
  localTimes(panel);
}
