// @ts-check
// What happens elsewhere appears on the page by itself: on the demo, which goes on by itself.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open, skipped } from '../support/browser.js';
import { demo } from '../support/program.js';

const skip = skipped();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('../support/program.js').Site} */
let site;

before(async () => {
  if (!skip) [browser, site] = await Promise.all([launch(), demo()]);
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

/** A failed job of the demo that has failure lines. */
async function failedJob() {
  const { results } = await (await fetch(`${site.url}/api/project/try/jobs/?result=testfailed&count=100`)).json();
  for (const { id } of results) {
    const lines = await (await fetch(`${site.url}/api/project/try/jobs/${id}/text_log_errors/`)).json();
    if (lines.length) return { id, lines };
  }
  throw new Error('the demo has no failed job with failure lines');
}

test('changes of jobs appear without a reload and without a jump', { skip, timeout: 180_000 }, async () => {
  const { page, complaints, context } = await open(browser);
  await page.goto(`${site.url}/jobs?repo=autoland&group_state=expanded`);
  await page.waitForSelector('html[data-ready]');
  await page.evaluate(() => { /** @type {any} */ (window).same = true; });
  await page.waitForSelector('#live:not([hidden])');
  await page.waitForSelector('.j.changed', { timeout: 150_000, state: 'attached' });
  assert.equal(await page.evaluate(() => /** @type {any} */ (window).same), true);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('who was offline catches up', { skip, timeout: 180_000 }, async () => {
  const { page, context } = await open(browser);
  await page.goto(`${site.url}/jobs?repo=autoland&group_state=expanded`);
  await page.waitForSelector('html[data-ready]');
  await context.setOffline(true);
  // Wait until something has changed that the page cannot know of.
  const since = new Date().toISOString().slice(0, -1);
  for (;;) {
    const { count } = await (await fetch(`${site.url}/api/jobs/?last_modified__gt=${since}`)).json();
    if (count > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await context.setOffline(false);
  await page.waitForSelector('.j.changed, .push.arrived', { timeout: 120_000, state: 'attached' });
  await context.close();
});

test('the details of a failed job lead to its lines', { skip, timeout: 120_000 }, async () => {
  const { id, lines } = await failedJob();
  const { page, context } = await open(browser);
  const answer = await page.goto(`${site.url}/jobs/try/${id}`);
  assert.equal(answer?.status(), 200);
  assert.match((await page.textContent('[data-part="failures"]')) ?? '', new RegExp(String(lines[0].line_number + 1)));
  await page.goto(`${site.url}/logviewer?repo=try&job_id=${id}`);
  assert.match((await page.textContent('#failures')) ?? '', new RegExp(String(lines[0].line_number + 1)));
  await context.close();
});
