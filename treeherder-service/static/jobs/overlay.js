// @ts-check
// What `keys.js` does, for people.
import { listOf } from '../overlay.js';

/** @type {[string, string][]} */
const KEYS = [
  ['j or n / k or p', 'next / previous unclassified failure'],
  ['→ / ←', 'next / previous job'],
  ['space', 'pin the selected job'],
  ['b', 'pin it and add a bug'],
  ['c', 'pin it and write a comment'],
  ['ctrl + enter', 'save the classification'],
  ['ctrl + backspace', 'delete the selected job’s classification'],
  ['ctrl + shift + u', 'clear the pinboard'],
  ['u', 'only unclassified failures'],
  ['q', 'failures, retries and cancelled jobs'],
  ['i', 'jobs in progress'],
  ['s', 'unscheduled jobs'],
  ['f', 'filter'],
  ['ctrl + shift + f', 'clear the filter'],
  ['r', 'open the task, to retrigger it'],
  ['t', 'next part of the details'],
  ['l / shift + l', 'log viewer / raw log'],
  ['g', 'profile of resource usage, if there is one'],
  ['esc', 'dismiss messages, close the details'],
  ['?', 'this list'],
];

/** Adds their list to the page. */
export const keys = () => listOf(KEYS);
