// @ts-check
// What a test makes happen on a site on which nothing happens by itself.
import assert from 'node:assert/strict';
import { until, open } from './browser.js';
import { token } from './program.js';

/** @typedef {import('./program.js').Site} Site */

/** @type {Map<Site, string>} */
const tokens = new Map();

/** @param {Site} site @param {string} path @param {unknown} body */
async function submit(site, path, body) {
  const known = tokens.get(site) ?? token(site);
  tokens.set(site, known);
  const headers = { authorization: `Bearer ${known}`, 'content-type': 'application/json' };
  const answer = await fetch(`${site.url}/api/project/autoland/${path}/`, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.equal(answer.status, 200, await answer.text());
}

/** Pushes to a site. @param {Site} site @param {string} revision */
export const push = (site, revision) => submit(site, 'pushes', { revision, author: 'late@example.org', commits: [{ revision, author: 'Late', message: 'Bug 1900002 - What came late' }] });

/** Submits a job of such a push. @param {Site} site @param {string} revision @param {Record<string, string>} state @param {number} [number] which one */
export const job = (site, revision, state, number = 0) => submit(site, 'jobs', {
  taskId: `${revision.slice(0, 8)}${number}/0`, version: 1, buildSystem: 'github-actions', jobKind: 'test', origin: { project: 'autoland', revision }, owner: 'ana', reason: 'push',
  display: { jobSymbol: 'late', groupSymbol: 'GH', jobName: 'late-tests' }, labels: ['opt'], buildMachine: { name: 'github', platform: 'linux64', os: 'linux', architecture: 'x86_64' }, ...state,
});

/** Waits until the jobs of a site are there and live. @param {import('playwright-core').Page} page @param {Site} site */
export async function liveJobs(page, site) {
  await page.goto(`${site.url}/jobs?repo=autoland`);
  await page.waitForSelector('#live.live:not(.off)');
  await until(page, () => document.querySelector('#pushes')?.getAttribute('aria-busy') === 'false');
}

/** Opens the jobs of a site. @param {import('playwright-core').Browser} browser @param {Site} site @param {import('playwright-core').BrowserContextOptions} [options] */
export async function openJobs(browser, site, options = {}) {
  const opened = await open(browser, options);
  await liveJobs(opened.page, site);
  return opened;
}

/** Makes the page take it that nobody has touched it for a while. @param {import('playwright-core').Page} page */
export const leaveAlone = (page) => page.evaluate(() => {
  const now = performance.now.bind(performance);
  performance.now = () => now() + 61_000;
});

/** Where a push is on the screen, once the page has come to rest. @param {import('playwright-core').Page} page @param {number} id */
export async function resting(page, id) {
  let before = NaN;
  for (let same = 0; same < 5; ) {
    const top = await page.evaluate((id) => new Promise((resolve) => requestAnimationFrame(() => resolve(document.querySelector(`#push-${id}`)?.getBoundingClientRect().top))), id);
    same = top === before ? same + 1 : 0;
    before = top;
  }
  return before;
}
