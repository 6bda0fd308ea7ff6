// @ts-check
// Performance, intermittent failures, repositories.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open, skipped, until } from '../support/browser.js';
import { filled, token } from '../support/program.js';

const skip = skipped();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('../support/program.js').Site} */
let site;

before(async () => {
  if (!skip) [browser, site] = await Promise.all([launch(), filled(30, 120)]);
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

/** @param {string} path @returns {Promise<any>} */
const api = async (path) => (await fetch(`${site.url}/api/${path}`)).json();

test('a series is found, drawn, zoomed, and leads to its push; another one is added', { skip, timeout: 120_000 }, async () => {
  const { page, context, complaints } = await open(browser);
  await page.goto(`${site.url}/performance?repo=autoland`);
  await page.waitForSelector('html[data-ready]');
  assert.equal(await page.isVisible('#nothing'), true);
  await page.focus('#words');
  await page.keyboard.type('pages linux1804');
  await until(page, () => [...document.querySelectorAll('#found button')].every((button) => button.textContent?.includes('linux1804')) && document.querySelectorAll('#found button').length === 2);
  await page.locator('#found button').first().click();
  await page.waitForSelector('.chart-points');
  const [repo, signature, , framework] = new URL(page.url()).searchParams.get('series')?.split(',') ?? [];
  const [{ data }] = await api(`performance/summary/?repository=${repo}&signature=${signature}&framework=${framework}&interval=1209600&all_data=true`);
  // A point of a series is a piece of its path.
  const points = () => page.$$eval('.chart-points', (paths) => paths.map((path) => (path.getAttribute('d') ?? '').split('M').length - 1));
  assert.deepEqual(await points(), [data.length]);
  // The level changes in the middle.
  assert.equal(await page.locator('.chart-change').count(), 1);
  await page.focus('svg.chart');
  await page.keyboard.press('ArrowRight');
  const told = (await page.textContent('.chart-told')) ?? '';
  const oldest = [...data].sort((/** @type {any} */ a, /** @type {any} */ b) => a.push_timestamp.localeCompare(b.push_timestamp))[0];
  assert.ok(told.includes(oldest.revision.slice(0, 12)), told);
  assert.match((await page.getAttribute('.chart-told a', 'href')) ?? '', new RegExp(`revision=${oldest.revision}`));

  const box = await page.locator('svg.chart').boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width * 0.4, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.99, box.y + 90, { steps: 4 });
  await page.mouse.up();
  const zoomed = await points();
  assert.ok((zoomed[0] ?? 0) < data.length, `${zoomed} of ${data.length}`);
  await page.click('#unzoom');
  assert.deepEqual(await points(), [data.length]);

  await page.locator('#found button').nth(1).click();
  await until(page, () => document.querySelectorAll('.chart-points').length === 2);
  assert.equal(new URL(page.url()).searchParams.getAll('series').length, 2);
  await page.locator('#series input').first().uncheck();
  await until(page, () => document.querySelectorAll('.chart-points').length === 1);
  await page.reload();
  await until(page, () => document.querySelectorAll('.chart-points').length === 1 && document.querySelectorAll('#series li').length === 2);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a series that is not there is told', { skip, timeout: 60_000 }, async () => {
  const { page, context } = await open(browser);
  await page.goto(`${site.url}/performance?series=autoland,99999999,1,1`);
  await page.waitForSelector('#series li:has-text("no such series")');
  await context.close();
});

test('what sheriffs classify appears among the intermittent failures, by day and by bug', { skip, timeout: 60_000 }, async () => {
  const { results } = await api('project/autoland/jobs/?result=testfailed&count=3');
  const headers = { authorization: `Bearer ${token(site)}`, 'content-type': 'application/json' };
  for (const [at, { id }] of results.entries()) {
    const body = JSON.stringify({ job_id: id, bug_id: at < 2 ? 1_900_111 : 1_900_222, type: 'annotation', bug_open: false });
    const answer = await fetch(`${site.url}/api/project/autoland/bug-job-map/`, { method: 'POST', headers, body });
    assert.equal(answer.status, 200, await answer.text());
    const note = JSON.stringify({ job_id: id, failure_classification_id: 4, text: '' });
    assert.equal((await fetch(`${site.url}/api/project/autoland/note/`, { method: 'POST', headers, body: note })).status, 200);
  }
  const { page, context, complaints } = await open(browser);
  await page.goto(`${site.url}/intermittent-failures?tree=autoland`);
  await page.waitForSelector('#failures table');
  const rows = await page.$$eval('#failures tbody tr', (rows) => rows.map((row) => [...row.querySelectorAll('td')].slice(0, 2).map((cell) => cell.textContent?.replace('Bugzilla', '').trim())));
  assert.deepEqual(rows.slice(0, 2), [['1900111', '2'], ['1900222', '1']]);
  // Seven days and today; the pushes of the last hours may be of yesterday too.
  await until(page, () => document.querySelectorAll('.chart-bar').length === 8);
  await page.focus('svg.chart');
  const told = [];
  for (let i = 0; i < 8; i++) {
    await page.keyboard.press('ArrowRight');
    told.push((await page.textContent('.chart-told')) ?? '');
  }
  const days = told.map((text) => /^(\d+) failures?, (\d{4}-\d\d-\d\d), (\d+) push(?:es)?$/.exec(text));
  assert.ok(days.every((day) => day), String(told));
  assert.equal(new Set(days.map((day) => day?.[2])).size, 8, String(told));
  const sum = (/** @type {number} */ part) => days.reduce((all, day) => all + Number(day?.[part]), 0);
  assert.deepEqual([sum(1), sum(3)], [3, 30], String(told));
  await page.click('#failures tbody a');
  await page.waitForURL((url) => url.searchParams.get('bug') === '1900111');
  await until(page, () => document.querySelectorAll('#failures tbody tr').length === 2);
  assert.match((await page.getAttribute('#failures tbody tr td:last-child a', 'href')) ?? '', /\/logviewer\?repo=autoland&job_id=\d+/);
  await page.selectOption('select[name="tree"]', 'try');
  await page.click('form button.main');
  await page.waitForSelector('#failures:has-text("No job of this time")');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('repositories are listed with their newest push and lead to their jobs', { skip, timeout: 60_000 }, async () => {
  const { page, context, complaints } = await open(browser);
  await page.goto(`${site.url}/repositories`);
  const row = page.locator('tr:has(th a:text-is("autoland"))');
  const { results } = await api('project/autoland/push/?count=1');
  assert.ok((await row.textContent())?.includes(results[0].author));
  await row.locator('th a').click();
  await page.waitForURL('**/jobs?repo=autoland');
  await page.click('.top > .menu:not(.nav, .more-pages) > summary');
  await page.click('.top .sheet a:text-is("try")');
  await page.waitForURL('**/jobs?repo=try');
  assert.equal(await page.textContent('h1'), 'Jobs of try');
  assert.deepEqual(complaints, []);
  await context.close();
});
