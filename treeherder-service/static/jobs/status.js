// @ts-check
// Results and states by the letters that the page's data uses, and classifications.
import { all } from '../dom.js';

/** @type {Record<string, { name: string, words: string }>} */
export const STATUS = {
  t: { name: 'testfailed', words: 'test failed' },
  b: { name: 'busted', words: 'busted' },
  e: { name: 'exception', words: 'exception' },
  s: { name: 'success', words: 'success' },
  r: { name: 'retry', words: 'retried' },
  u: { name: 'usercancel', words: 'cancelled' },
  x: { name: 'superseded', words: 'superseded' },
  g: { name: 'running', words: 'running' },
  p: { name: 'pending', words: 'pending' },
  n: { name: 'unscheduled', words: 'unscheduled' },
  k: { name: 'unknown', words: 'unknown' },
};

/** The letters in the order in which counts are shown. */
export const LETTERS = Object.keys(STATUS);

/** @param {string} letter */
export const isFailure = (letter) => letter === 't' || letter === 'b' || letter === 'e';

/** Names a classification, as the page's own list of them does. @param {number | string} id */
export const classificationName = (id) => all('#classification option').find((option) => option.getAttribute('value') === `${id}`)?.textContent ?? `${id}`;

/** The others leave a failure to be looked at. @param {number} classification */
export const isClassified = (classification) => ![1, 6, 7, 8].includes(classification);
