// @ts-check
// What happens elsewhere appears on the page by itself: on the demo, which goes on by itself, and where a test pushes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open, skipped, until } from '../support/browser.js';
import { demo, filled, token } from '../support/program.js';

const skip = skipped();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('../support/program.js').Site} */
let site;
/** Where nothing happens unless a test does it. @type {import('../support/program.js').Site} */
let still;

before(async () => {
  if (!skip) [browser, site, still] = await Promise.all([launch(), demo(), filled(10, 220)]);
});
after(async () => {
  await browser?.close();
  await Promise.all([site?.stop(), still?.stop()]);
});

/** Pushes to the site on which nothing else happens. @param {string} revision */
async function push(revision) {
  const headers = { authorization: `Bearer ${token(still)}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ revision, author: 'late@example.org', commits: [{ revision, author: 'Late', message: 'Bug 1900002 - What came late' }] });
  const answer = await fetch(`${still.url}/api/project/autoland/pushes/`, { method: 'POST', headers, body });
  assert.equal(answer.status, 200, await answer.text());
}

/** Submits a job of such a push. @param {string} revision @param {Record<string, string>} state */
async function job(revision, state) {
  const headers = { authorization: `Bearer ${token(still)}`, 'content-type': 'application/json' };
  const body = JSON.stringify({
    taskId: `${revision.slice(0, 8)}/0`, version: 1, buildSystem: 'github-actions', jobKind: 'test', origin: { project: 'autoland', revision }, owner: 'ana', reason: 'push',
    display: { jobSymbol: 'late', groupSymbol: 'GH', jobName: 'late-tests' }, labels: ['opt'], buildMachine: { name: 'github', platform: 'linux64', os: 'linux', architecture: 'x86_64' }, ...state,
  });
  const answer = await fetch(`${still.url}/api/project/autoland/jobs/`, { method: 'POST', headers, body });
  assert.equal(answer.status, 200, await answer.text());
}

/** Opens its jobs, live. */
async function jobsOfStill() {
  const opened = await open(browser);
  await opened.page.goto(`${still.url}/jobs?repo=autoland`);
  await opened.page.waitForSelector('#live.live:not(.off)');
  await until(opened.page, () => document.querySelector('#pushes')?.getAttribute('aria-busy') === 'false');
  return opened;
}

/** Where a push is on the screen, once the page has come to rest. @param {import('playwright-core').Page} page @param {number} id */
async function resting(page, id) {
  let before = NaN;
  for (let same = 0; same < 5; ) {
    const top = await page.evaluate((id) => new Promise((resolve) => requestAnimationFrame(() => resolve(document.querySelector(`#push-${id}`)?.getBoundingClientRect().top))), id);
    same = top === before ? same + 1 : 0;
    before = top;
  }
  return before;
}

test('a push that arrives does not move what is read, and is one click away', { skip, timeout: 120_000 }, async () => {
  const { page, complaints, context } = await jobsOfStill();
  /** @type {[string, number][]} */
  const places = [['further down', 3], ['at the very top, by somebody who is about to click', 0]];
  let revision = 1;
  for (const [words, place] of places) {
    await page.mouse.move(700, 400);
    const id = await page.locator('.push').nth(place).getAttribute('data-push').then(Number);
    if (place) await page.locator('.push').nth(place).evaluate((element) => scrollTo(0, scrollY + element.getBoundingClientRect().top - 200));
    const before = await resting(page, id);
    assert.ok(before >= 0 && before < 400, `${words}: ${before}`);
    await push(String(revision++).padStart(40, 'a'));
    await page.waitForSelector('.arrivals:not([hidden])', { timeout: 60_000 });
    assert.equal(await page.locator('.push.arrived').count(), 1);
    const after = await resting(page, id);
    assert.ok(Math.abs(after - before) <= 1, `${words}: from ${before} to ${after}`);
    assert.equal(await page.textContent('.arrivals'), '↑ 1 new push');
    await page.click('.arrivals');
    await until(page, () => scrollY === 0);
    assert.match((await page.locator('.push').first().textContent()) ?? '', /What came late/);
    assert.equal(await page.locator('.push').first().evaluate((element) => element.getBoundingClientRect().top < innerHeight), true);
    assert.equal(await page.isVisible('.arrivals'), false);
    await page.locator('.push.arrived').evaluate((element) => element.classList.remove('arrived'));
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test('who waits for a push is told how it ends, also after a reload', { skip, timeout: 120_000 }, async () => {
  const revision = 'c'.repeat(40);
  await push(revision);
  await job(revision, { state: 'running' });
  const { page, complaints, context } = await jobsOfStill();
  const first = page.locator('.push').first();
  assert.match((await first.textContent()) ?? '', /1 in progress/);
  await first.locator('.menu > summary').click();
  await first.locator('[data-watch]').click();
  await page.waitForSelector('.push[data-watched]');
  await page.reload();
  await page.waitForSelector('#live.live:not(.off)');
  await page.waitForSelector('.push[data-watched]');
  assert.equal(await page.locator('.toast').count(), 0);
  await job(revision, { state: 'completed', result: 'fail' });
  await page.waitForSelector('.toast:has-text("The push by late@example.org is done: 1 unclassified failure")', { timeout: 60_000 });
  assert.equal(await first.getAttribute('data-watched'), null);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('on a page that nobody touches a push appears at the top', { skip, timeout: 120_000 }, async () => {
  const { page, complaints, context } = await jobsOfStill();
  await push('b'.repeat(40));
  await page.waitForSelector('.push.arrived', { timeout: 60_000 });
  assert.equal(await page.evaluate(() => scrollY), 0);
  assert.match((await page.locator('.push').first().textContent()) ?? '', /bbbbbbbbbbbb/);
  assert.equal(await page.isVisible('.arrivals'), false);
  assert.deepEqual(complaints, []);
  await context.close();
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
