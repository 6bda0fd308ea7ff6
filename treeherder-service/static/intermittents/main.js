// @ts-check
// Intermittent failures by bug over time (§11.11).
import { ask } from '../api.js';
import { Chart } from '../chart.js';
import { find, safe } from '../dom.js';
import '../page.js';

const box = find('#graph');
const list = find('#failures');
if (box && list) open(box, list);

/** @param {HTMLElement} box @param {HTMLElement} list */
async function open(box, list) {
  const { start, end, tree, bug } = /** @type {Record<string, string>} */ ({ ...list.dataset });
  const query = new URLSearchParams({ startday: start, endday: end, tree });
  if (bug) query.set('bug', bug);
  const chart = new Chart(box, 'Failures each day', (point, series) => `<b>${point.y}</b> ${safe(series.name)}, ${safe(point.title)}`);
  ask(`/api/failurecount/?${query}`).then((/** @type {{ date: string, test_runs: number, failure_count: number }[]} */ days) => {
    const known = new Map(days.map((day) => [day.date, day]));
    const points = [];
    // Days without a push are days as well.
    for (let x = Date.parse(start); x <= Date.parse(end); x += 86_400_000) {
      const date = new Date(x).toISOString().slice(0, 10);
      points.push({ x, y: known.get(date)?.failure_count ?? 0, title: `${date}, ${known.get(date)?.test_runs ?? 0} pushes` });
    }
    chart.show([{ name: 'failures', bars: true, points }]);
  }).catch((error) => { box.textContent = `The counts could not be loaded: ${error.message}`; });
  const here = (/** @type {number} */ number) => `/intermittent-failures?${new URLSearchParams({ startday: start, endday: end, tree, bug: String(number) })}`;
  try {
    if (bug) {
      /** @type {{ push_time: string, tree: string, revision: string, platform: string, build_type: string, test_suite: string, job_id: number, lines: string[] }[]} */
      const rows = await ask(`/api/failuresbybug/?${query}`);
      list.innerHTML = rows.length ? `<table><thead><tr><th scope="col">Pushed</th><th scope="col">Tree</th><th scope="col">Revision</th><th scope="col">Platform</th><th scope="col">Suite</th><th scope="col">Job</th></tr></thead><tbody>${rows.map((row) => `<tr><td>${safe(row.push_time)}</td><td>${safe(row.tree)}</td><td><a href="/jobs?repo=${encodeURIComponent(row.tree)}&amp;revision=${safe(row.revision)}"><code>${safe(row.revision.slice(0, 12))}</code></a></td><td>${safe(row.platform)} ${safe(row.build_type)}</td><td>${safe(row.test_suite)}</td><td><a href="/logviewer?repo=${encodeURIComponent(row.tree)}&amp;job_id=${row.job_id}">log</a></td></tr>`).join('')}</tbody></table>` : '<p class="quiet">No job of this time has been said to have this bug.</p>';
    } else {
      /** @type {{ bug_id: number | null, bug_count: number }[]} */
      const rows = await ask(`/api/failures/?${query}`);
      const most = Math.max(1, ...rows.map((row) => row.bug_count));
      list.innerHTML = rows.length ? `<table><thead><tr><th scope="col">Bug</th><th scope="col" class="num">Failures</th><th scope="col" class="wide-column"><span class="sr">Share</span></th></tr></thead><tbody>${rows.map((row) => `<tr><td>${row.bug_id === null ? 'internal issues' : `<a href="${here(row.bug_id)}">${row.bug_id}</a> <a class="quiet" href="https://bugzilla.mozilla.org/show_bug.cgi?id=${row.bug_id}">Bugzilla</a>`}</td><td class="num">${row.bug_count}</td><td><meter max="${most}" value="${row.bug_count}" aria-label="${row.bug_count} of ${most}"></meter></td></tr>`).join('')}</tbody></table>` : '<p class="quiet">No job of this time has been said to have a bug. What sheriffs classify appears here.</p>';
    }
  } catch (error) {
    list.innerHTML = `<p class="quiet">The failures could not be loaded: ${safe(/** @type {Error} */ (error).message)}</p>`;
  }
  document.documentElement.dataset.ready = '';
}
