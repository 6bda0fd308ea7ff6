// @ts-check
// The filter bar: every control changes the URL, and the board follows the URL.
import { all, find, later, make } from '../dom.js';
import { FIELDS, Filter, SHOWN, list, setStatuses } from './filter.js';
import { LETTERS, STATUS, classificationName } from './status.js';

/** @typedef {import('./board.js').Board} Board */

/** Turns statuses on when one of them is off, else off. @param {Board} board @param {string[]} letters */
export function toggleStatuses(board, letters) {
  board.setParams((params) => {
    const shown = new Filter(params).statuses;
    const on = letters.every((letter) => shown.has(letter));
    for (const letter of letters) {
      if (on) shown.delete(letter);
      else shown.add(letter);
    }
    if (shown.size) setStatuses(params, shown);
  }, false);
}

/** Shows unclassified failures only, or everything again. @param {Board} board */
export function toggleUnclassified(board) {
  board.setParams((params) => {
    if (new Filter(params).unclassifiedOnly) {
      params.delete('classifiedState');
      params.delete('resultStatus');
    } else {
      params.set('classifiedState', 'unclassified');
      setStatuses(params, new Set(['t', 'b', 'e']));
    }
  }, false);
}

/** @param {Board} board */
export function controls(board) {
  const form = /** @type {HTMLFormElement} */ (find('#filters'));
  const search = /** @type {HTMLInputElement} */ (find('#search'));
  const setSearch = () => board.setParams((params) => (search.value.trim() ? params.set('searchStr', search.value.trim()) : params.delete('searchStr')));
  search.addEventListener('input', later(80, setSearch));
  form.addEventListener('submit', (event) => { event.preventDefault(); setSearch(); });

  form.addEventListener('click', (event) => {
    const link = /** @type {Element} */ (event.target).closest('a.toggle');
    if (!(link instanceof HTMLElement) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const { statuses, flag, value } = link.dataset;
    if (link.id === 'unclassified') toggleUnclassified(board);
    else if (statuses) toggleStatuses(board, LETTERS.filter((letter) => statuses.split(',').includes(STATUS[letter].name)));
    else if (flag && value) board.setParams((params) => (params.get(flag) === value ? params.delete(flag) : params.set(flag, value)), false);
  });
  // A switch that is a link answers to the space bar as a button does.
  form.addEventListener('keydown', (event) => {
    const link = /** @type {HTMLElement} */ (event.target);
    if (event.key === ' ' && link.matches('a[role="button"]')) {
      event.preventDefault();
      event.stopPropagation();
      link.click();
    }
  });
  form.addEventListener('change', (event) => {
    if (!(/** @type {Element} */ (event.target).matches('[data-tier]'))) return;
    const boxes = /** @type {HTMLInputElement[]} */ (all('[data-tier]', form));
    const tiers = boxes.filter((box) => box.checked).map((box) => box.dataset.tier);
    board.setParams((params) => {
      params.delete('filter-tier');
      if (tiers.length === 0 || tiers.join() === '1,2') params.delete('tier');
      else params.set('tier', tiers.join(','));
    }, false);
  });

  const fields = find('#fields');
  if (fields) fields.hidden = false;
  const field = /** @type {HTMLSelectElement} */ (find('#field'));
  const value = /** @type {HTMLInputElement} */ (find('#value'));
  // Classifications are numbers in the URL and have names for people.
  const classification = /** @type {HTMLSelectElement} */ (find('#classification'));
  const named = () => field.value === 'failure_classification_id';
  const choose = () => {
    value.hidden = named();
    classification.hidden = !named();
  };
  field.addEventListener('change', choose);
  // Browsers remember what was chosen.
  choose();
  find('#add-field')?.addEventListener('click', () => {
    const wanted = named() ? classification.value : value.value.trim();
    if (!wanted) return;
    board.setParams((params) => params.append(field.value, wanted), false);
    value.value = '';
  });
  const words = (/** @type {string} */ of, /** @type {string} */ text) => (of === 'failure_classification_id' ? classificationName(text) : text);
  const title = (/** @type {string} */ of) => [...field.options].find((option) => option.value === of)?.text ?? of;
  find('#strip')?.addEventListener('click', (event) => {
    const tag = /** @type {Element} */ (event.target).closest('[data-field]');
    if (!(tag instanceof HTMLElement)) return;
    event.preventDefault();
    board.setParams((params) => { params.delete(tag.dataset.field ?? ''); params.delete(`filter-${tag.dataset.field}`); }, false);
  });

  const sync = () => {
    const { filter, params } = board;
    if (document.activeElement !== search) search.value = params.get('searchStr') ?? '';
    for (const chip of all('[data-statuses]', form)) {
      const names = chip.dataset.statuses?.split(',') ?? [];
      const on = LETTERS.filter((letter) => names.includes(STATUS[letter].name)).every((letter) => filter.statuses.has(letter));
      chip.setAttribute('aria-pressed', String(on));
    }
    for (const toggle of all('[data-flag]', form)) toggle.setAttribute('aria-pressed', String(params.get(toggle.dataset.flag ?? '') === toggle.dataset.value));
    for (const box of /** @type {HTMLInputElement[]} */ (all('[data-tier]', form))) box.checked = filter.tiers.has(Number(box.dataset.tier));
    const strip = find('#strip');
    if (!strip) return;
    for (const tag of all('[data-field]', strip)) tag.remove();
    for (const name of FIELDS) {
      const values = list(params, name).map((text) => words(name, text));
      if (values.length) strip.append(make('a', { class: 'tag', href: '#', 'data-field': name }, `${title(name)}: `, make('b', { text: values.join(', ') }), make('span', { class: 'sr', text: ', remove' })));
    }
    strip.hidden = !strip.childElementCount;
  };
  document.addEventListener('filtered', sync);
  sync();
}
