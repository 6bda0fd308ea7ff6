// @ts-check
// What appears on the page by itself, on a site on which nothing happens unless a test does it: new pushes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, skipped, until } from '../support/browser.js';
import { filled } from '../support/program.js';
import { job, leaveAlone, openJobs, push, resting } from '../support/pushes.js';

const skip = skipped();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('../support/program.js').Site} */
let site;
/** Where nobody has pushed yet. @type {import('../support/program.js').Site} */
let empty;

before(async () => {
  if (!skip) [browser, site, empty] = await Promise.all([launch(), filled(10, 220), filled(0, 0)]);
});
after(async () => {
  await browser?.close();
  await Promise.all([site?.stop(), empty?.stop()]);
});

let revisions = 0;
const revision = () => String(++revisions).padStart(40, 'a');

test('a push that arrives does not move what is read, and is one click away', { skip, timeout: 120_000 }, async () => {
  const { page, complaints, context } = await openJobs(browser, site);
  /** @type {[string, number][]} */
  const places = [['further down', 3], ['at the very top, by somebody who is about to click', 0]];
  for (const [words, place] of places) {
    await page.mouse.move(700, 400);
    const id = await page.locator('.push').nth(place).getAttribute('data-push').then(Number);
    if (place) await page.locator('.push').nth(place).evaluate((element) => scrollTo(0, scrollY + element.getBoundingClientRect().top - 200));
    const before = await resting(page, id);
    assert.ok(before >= 0 && before < 400, `${words}: ${before}`);
    await push(site, revision());
    await page.waitForSelector('.arrivals:not([hidden])', { timeout: 60_000 });
    assert.equal(await page.locator('.push.arrived').count(), 1);
    const after = await resting(page, id);
    assert.ok(Math.abs(after - before) <= 1, `${words}: from ${before} to ${after}`);
    assert.equal(await page.textContent('[role="status"] .arrivals'), '↑ 1 new push');
    await page.click('.arrivals');
    await until(page, () => scrollY === 0);
    assert.match((await page.locator('.push').first().textContent()) ?? '', /What came late/);
    assert.equal(await page.locator('.push').first().evaluate((element) => element.getBoundingClientRect().top < innerHeight), true);
    assert.equal(await page.isVisible('.arrivals'), false);
    // The keyboard goes on where the new pushes are.
    assert.equal(await page.evaluate(() => document.activeElement?.closest('.push') === document.querySelector('.push')), true);
    await page.locator('.push.arrived').evaluate((element) => element.classList.remove('arrived'));
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test('on a phone the button lies above the pushes, and who wants no motion is there at once', { skip, timeout: 120_000 }, async () => {
  const { page, complaints, context } = await openJobs(browser, site, { viewport: { width: 390, height: 844 }, reducedMotion: 'reduce' });
  await page.evaluate(() => scrollTo(0, 1500));
  await until(page, () => scrollY > 1000);
  await push(site, revision());
  await page.waitForSelector('.arrivals:not([hidden])', { timeout: 60_000 });
  const { x, y, width, height } = (await page.locator('.arrivals').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.click(x + width / 2, y + height / 2);
  assert.equal(await page.evaluate(() => scrollY), 0);
  assert.equal(await page.isVisible('.arrivals'), false);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a page that is too short to scroll shows a push at once', { skip, timeout: 120_000 }, async () => {
  const { page, complaints, context } = await openJobs(browser, empty);
  await page.mouse.move(700, 400);
  await push(empty, revision());
  await page.waitForSelector('.push.arrived', { timeout: 60_000 });
  assert.equal(await page.isVisible('.arrivals'), false);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('on a page that nobody touches a push appears at the top', { skip, timeout: 120_000 }, async () => {
  const { page, complaints, context } = await openJobs(browser, site);
  await leaveAlone(page);
  await push(site, 'b'.repeat(40));
  await page.waitForSelector('.push.arrived', { timeout: 60_000 });
  assert.equal(await page.evaluate(() => scrollY), 0);
  assert.match((await page.locator('.push').first().textContent()) ?? '', /bbbbbbbbbbbb/);
  assert.equal(await page.isVisible('.arrivals'), false);
  // Whoever has just opened the page, or is at one of its jobs with the keyboard, reads it.
  await page.locator('.push .j').first().focus();
  await push(site, revision());
  await page.waitForSelector('.arrivals:not([hidden])', { timeout: 60_000 });
  assert.deepEqual(complaints, []);
  await context.close();
});

test('who was offline gets all pushes that came meanwhile', { skip, timeout: 120_000 }, async () => {
  const { page, context } = await openJobs(browser, site);
  const before = await page.locator('.push').count();
  await context.setOffline(true);
  for (let i = 0; i < 12; i++) await push(site, revision());
  await context.setOffline(false);
  await until(page, (count) => document.querySelectorAll('.push').length === count, before + 12, 60);
  assert.equal(await page.locator('.toast').count(), 0);
  await context.close();
});

test('a page that gets no answer asks again long before the next poll', { skip, timeout: 120_000 }, async () => {
  const { page, context } = await openJobs(browser, site);
  const late = 'c'.repeat(40);
  // More than there are events to ask after: the connection, the push.
  let refused = 0;
  await page.route(/[?&]since=/, (route) => (refused < 3 ? (refused++, route.abort()) : route.continue()));
  await push(site, late);
  await until(page, (late) => document.querySelector('.push')?.textContent?.includes(late.slice(0, 12)), late, 40);
  assert.equal(refused, 3);
  await context.close();
});

test('when more pushes came than are told at once, a reload is offered', { skip, timeout: 120_000 }, async () => {
  const { page, context } = await openJobs(browser, empty);
  await context.setOffline(true);
  for (let i = 0; i < 101; i++) await push(empty, revision());
  await context.setOffline(false);
  const reload = page.locator('.toast:has-text("some may be missing") >> text=Reload');
  await reload.waitFor({ timeout: 60_000 });
  // A page that comes back further down loads older pushes.
  await page.evaluate(() => scrollTo(0, 0));
  await Promise.all([page.waitForEvent('domcontentloaded'), reload.click()]);
  await page.waitForSelector('html[data-ready]');
  assert.equal(await page.locator('.push').count(), 10);
  await context.close();
});

test('changes and pushes come also when the script that tells of pushes cannot be loaded', { skip, timeout: 120_000 }, async () => {
  const late = revision();
  await push(site, late);
  await job(site, late, { state: 'running' });
  const { page, context } = await openJobs(browser, site);
  await page.route('**/jobs/arrivals.js', (route) => route.abort());
  await page.mouse.move(700, 400);
  await push(site, revision());
  await page.waitForSelector('.push.arrived', { timeout: 60_000 });
  await job(site, late, { state: 'completed', result: 'fail' });
  await page.waitForSelector('.j.changed', { timeout: 60_000, state: 'attached' });
  await context.close();
});
