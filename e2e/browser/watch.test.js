// @ts-check
// Pushes that somebody waits for.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open, skipped } from '../support/browser.js';
import { filled } from '../support/program.js';
import { job, liveJobs, push } from '../support/pushes.js';

const skip = skipped();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('../support/program.js').Site} */
let site;

before(async () => {
  if (!skip) [browser, site] = await Promise.all([launch(), filled(10, 20)]);
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

/** Takes note of notifications instead of showing them. @param {import('playwright-core').BrowserContext} context @param {string} permission */
const withNotifications = (context, permission) => context.addInitScript((permission) => {
  const shown = /** @type {string[]} */ ([]);
  class Notification extends EventTarget {
    static permission = permission;
    static requestPermission = async () => permission;
    /** @param {string} title @param {{ body: string }} options */
    constructor(title, { body }) {
      super();
      // As browsers of Android do.
      if (document.documentElement.dataset.android) throw new TypeError('Illegal constructor');
      shown.push(`${title}: ${body}`);
    }
  }
  Object.assign(window, { Notification, shown });
}, permission);

/** Turns it on or off for a push. @param {import('playwright-core').Page} page @param {number} place */
async function toggle(page, place) {
  const push = page.locator('.push').nth(place);
  await push.locator('.menu > summary').click();
  await push.locator('[data-watch]').click();
}

/** @param {import('playwright-core').Page} page */
const watched = (page) => page.$$eval('.push', (all) => all.flatMap((push, place) => (push.hasAttribute('data-watched') ? [place] : [])));

test('who waits for a push is told how it ends, also after a reload', { skip, timeout: 180_000 }, async () => {
  const revision = 'c'.repeat(40);
  await push(site, revision);
  await job(site, revision, { state: 'running' });
  const { page, complaints, context } = await open(browser);
  await withNotifications(context, 'granted');
  await liveJobs(page, site);
  const first = page.locator('.push').first();
  assert.match((await first.textContent()) ?? '', /1 in progress/);
  await toggle(page, 0);
  await page.waitForSelector('.push[data-watched]');
  assert.equal(await first.locator('.menu > summary').evaluate((summary) => summary === document.activeElement), true);
  await page.reload();
  await page.waitForSelector('#live.live:not(.off)');
  await page.waitForSelector('.push[data-watched]');
  assert.equal(await page.locator('.toast').count(), 0);
  // A job that brings another one about is not the end.
  await job(site, revision, { state: 'completed', result: 'success' });
  await page.waitForSelector('.push:first-child:has-text("100 %")', { timeout: 60_000 });
  await job(site, revision, { state: 'running' }, 1);
  await page.waitForSelector('.push:first-child:has-text("1 in progress")', { timeout: 60_000 });
  await page.evaluate(() => { document.hasFocus = () => false; });
  await job(site, revision, { state: 'completed', result: 'fail' }, 1);
  await page.waitForSelector('.toast:has-text("The push by late@example.org is done: 1 unclassified failure")', { timeout: 90_000 });
  assert.equal(await page.locator('.toast').count(), 1);
  assert.deepEqual(await page.evaluate(() => /** @type {any} */ (window).shown), ['autoland: The push by late@example.org is done: 1 unclassified failure']);
  assert.equal(await first.getAttribute('data-watched'), null);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a failure is told where notifications cannot be made, and waits until the page is looked at', { skip, timeout: 120_000 }, async () => {
  const revision = 'd'.repeat(40);
  await push(site, revision);
  for (const number of [0, 1]) await job(site, revision, { state: 'running' }, number);
  const { page, complaints, context } = await open(browser);
  await withNotifications(context, 'granted');
  await liveJobs(page, site);
  await toggle(page, 0);
  await page.evaluate(() => {
    document.documentElement.dataset.android = 'true';
    document.hasFocus = () => false;
    Object.defineProperty(document, 'hidden', { configurable: true, value: true });
    // Toasts are removed after a while of theirs.
    const later = window.setTimeout;
    window.setTimeout = /** @type {any} */ ((/** @type {() => void} */ run, /** @type {number} */ ms) => later(run, ms === 12000 ? 100 : ms));
  });
  await job(site, revision, { state: 'completed', result: 'fail' });
  const toast = page.locator('.toast:has-text("has 1 unclassified failure")');
  await toast.waitFor({ timeout: 60_000 });
  await page.waitForTimeout(500);
  assert.equal(await toast.count(), 1);
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, value: false });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await toast.waitFor({ state: 'detached' });
  assert.deepEqual(complaints, []);
  await context.close();
});

test('tabs wait for pushes together, and what is damaged is forgotten', { skip, timeout: 120_000 }, async () => {
  const { page, complaints, context } = await open(browser);
  await withNotifications(context, 'denied');
  await page.addInitScript(() => { if (!localStorage.length) localStorage.setItem('watched', '{'); });
  await liveJobs(page, site);
  const other = await context.newPage();
  await liveJobs(other, site);
  await page.bringToFront();
  await toggle(page, 1);
  await page.waitForSelector('.toast:has-text("Your browser shows no notifications")');
  await other.bringToFront();
  await toggle(other, 2);
  await page.waitForSelector('.push[data-watched] ~ .push[data-watched]', { state: 'attached' });
  assert.deepEqual([await watched(page), await watched(other)], [[1, 2], [1, 2]]);
  await toggle(other, 1);
  await page.waitForSelector('.push:nth-child(2):not([data-watched])', { state: 'attached' });
  assert.deepEqual([await watched(page), await watched(other)], [[2], [2]]);
  await page.reload();
  await page.waitForSelector('.push[data-watched]');
  assert.deepEqual(await watched(page), [2]);
  assert.deepEqual(complaints, []);
  await context.close();
});
