// @ts-check
// Series of measurements over time (§11.11): `series=REPOSITORY,SIGNATURE,VISIBLE,FRAMEWORK`, several times; `timerange` in seconds.
import { ask } from '../api.js';
import { Chart, short } from '../chart.js';
import { all, find, later, make, safe } from '../dom.js';
import '../page.js';
import { changes } from './changes.js';

/** @typedef {{ repo: string, signature: string, visible: boolean, framework: string }} Wanted */

/** Reads the series of a URL. @param {URLSearchParams} params @returns {Wanted[]} */
export function readSeries(params) {
  return params.getAll('series').map((text) => {
    const [repo, signature, visible = '1', framework = ''] = text.split(',');
    return { repo, signature, visible: visible !== '0', framework };
  }).filter((series) => series.repo && series.signature);
}

/** @param {Wanted} series */
export const writeSeries = (series) => `${series.repo},${series.signature},${series.visible ? 1 : 0},${series.framework}`;

/** The pushes at which a series changes its level. @param {{ push_id: number, push_timestamp: string, value: number }[]} data */
function changed(data) {
  /** @type {Map<number, number[]>} */
  const pushes = new Map();
  for (const datum of [...data].sort((a, b) => (a.push_timestamp < b.push_timestamp ? -1 : 1))) pushes.set(datum.push_id, [...(pushes.get(datum.push_id) ?? []), datum.value]);
  const ids = [...pushes.keys()];
  return new Set(changes([...pushes.values()]).map((place) => ids[place]));
}

const box = find('#graph');
if (box) open(box);

/** @param {HTMLElement} box */
function open(box) {
  const params = new URLSearchParams(location.search);
  const range = /** @type {HTMLSelectElement} */ (find('#range'));
  const list = /** @type {HTMLElement} */ (find('#series'));
  let wanted = readSeries(params);
  if (params.get('timerange')) range.value = params.get('timerange') ?? range.value;
  /** @type {Map<string, any>} */
  const loaded = new Map();
  const chart = new Chart(box, 'Measurements over time', (point, series) => `<b>${safe(short(point.y))}</b> ${safe(series.name)}<br>${safe(point.title)}${point.href ? ` <a href="${safe(point.href)}">push</a>` : ''}${point.marked ? ' <b>change</b>' : ''}`);
  const url = () => {
    const now = new URLSearchParams(location.search);
    now.delete('series');
    for (const series of wanted) now.append('series', writeSeries(series));
    now.set('timerange', range.value);
    history.replaceState(null, '', `${location.pathname}?${now}`.replace(/%2C/g, ','));
  };
  const draw = () => {
    const shown = wanted.filter((series) => series.visible && loaded.get(writeSeries(series)));
    chart.show(shown.map((series) => {
      const { name, data, measurement_unit: unit, changes } = loaded.get(writeSeries(series));
      return {
        name: `${name} (${series.repo})`,
        points: data.map((/** @type {any} */ datum) => ({
          x: Date.parse(`${datum.push_timestamp}Z`), y: datum.value, marked: changes.has(datum.push_id),
          title: `${datum.value} ${unit ?? ''}, ${new Date(`${datum.push_timestamp}Z`).toLocaleString()}, ${datum.revision.slice(0, 12)}`,
          href: `/jobs?repo=${encodeURIComponent(series.repo)}&revision=${datum.revision}${datum.job_id ? `&selectedJob=${datum.job_id}` : ''}`,
        })),
      };
    }));
    list.replaceChildren(...wanted.map((series, place) => {
      const known = loaded.get(writeSeries(series));
      const toggle = /** @type {HTMLInputElement} */ (make('input', { type: 'checkbox', checked: series.visible }));
      toggle.addEventListener('change', () => { const before = writeSeries(series); series.visible = toggle.checked; loaded.set(writeSeries(series), loaded.get(before)); url(); draw(); });
      const remove = make('button', { type: 'button', class: 'plain', 'aria-label': 'Remove this series', text: '×' });
      remove.addEventListener('click', () => { wanted = wanted.filter((other) => other !== series); url(); draw(); });
      return make('li', { class: `chart-${place % 4}` }, make('label', {}, toggle, ` ${known ? `${known.name.trim()}, ${known.platform}` : known === null ? 'no such series' : '…'} (${series.repo})`), remove);
    }));
    const nothing = find('#nothing');
    if (nothing) nothing.hidden = wanted.length > 0;
    // How to move in a graph is told where there is one.
    for (const part of [box, ...all('[data-graph]')]) part.hidden = !wanted.length;
  };
  const load = async () => {
    url();
    draw();
    await Promise.all(wanted.map(async (series) => {
      const key = writeSeries(series);
      const query = new URLSearchParams({ repository: series.repo, signature: series.signature, interval: range.value, all_data: 'true' });
      if (series.framework) query.set('framework', series.framework);
      try {
        const [found] = await ask(`/api/performance/summary/?${query}`);
        if (!found) throw new Error('nothing');
        loaded.set(key, { ...found, changes: changed(found.data) });
      } catch {
        loaded.set(key, null);
      }
    }));
    draw();
  };
  range.addEventListener('change', load);
  find('#unzoom')?.addEventListener('click', () => chart.setZoom(null));

  // Adding a series: all of a repository, narrowed by words.
  const repo = document.body.dataset.repo ?? '';
  const words = /** @type {HTMLInputElement} */ (find('#words'));
  const found = /** @type {HTMLElement} */ (find('#found'));
  /** @type {Promise<Record<string, any>> | undefined} */
  let signatures;
  const search = later(120, async () => {
    signatures ??= ask(`/api/project/${encodeURIComponent(repo)}/performance/signatures/?subtests=0`);
    try {
      const known = Object.values(await signatures);
      const parts = words.value.toLowerCase().split(/\s+/).filter(Boolean);
      const text = (/** @type {any} */ one) => [one.suite, one.test, one.machine_platform, ...(one.extra_options ?? [])].filter(Boolean).join(' ');
      const fitting = known.filter((one) => parts.every((part) => text(one).toLowerCase().includes(part)));
      found.innerHTML = fitting.length ? fitting.slice(0, 40).map((one) => `<li><button type="button" data-add="${one.id},1,${one.framework_id}">${safe(text(one))}</button></li>`).join('') + (fitting.length > 40 ? `<li class="quiet">and ${fitting.length - 40} more</li>` : '') : '<li class="quiet">No series fits.</li>';
    } catch (error) {
      found.innerHTML = `<li class="quiet">The series could not be loaded: ${safe(/** @type {Error} */ (error).message)}</li>`;
    }
  });
  words.addEventListener('input', search);
  words.addEventListener('focus', search, { once: true });
  found.addEventListener('click', (event) => {
    const add = /** @type {HTMLElement} */ (event.target).dataset.add;
    if (!add) return;
    const [signature, , framework] = add.split(',');
    if (!wanted.some((series) => series.repo === repo && series.signature === signature)) wanted.push({ repo, signature, visible: true, framework });
    load();
  });
  load();
  document.documentElement.dataset.ready = '';
}

