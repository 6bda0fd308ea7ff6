// @ts-check
// Workers, queues and dead letters, which are put back and discarded with and without script.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, logIn, open, serious, skipped, until } from '../support/browser.js';
import { filled, replay } from '../support/program.js';

const skip = skipped();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('../support/program.js').Site} */
let site;

/** Messages that can never be worked on; each is a dead letter. */
const BROKEN = ['one', 'two', 'three'].map((name) => ({ exchange: 'exchange/taskcluster-queue/v1/task-completed', routing_key: '', root_url: 'https://firefox-ci-tc.services.mozilla.com', body: { status: name } }));

before(async () => {
  if (skip) return;
  [browser, site] = await Promise.all([launch(), filled(1, 20, { args: ['--development-login'], settings: { TREEHERDER_HEARTBEAT_SECONDS: '0.2' } })]);
  const file = join(site.folder, 'broken.jsonl');
  writeFileSync(file, BROKEN.map((message) => JSON.stringify(message)).join('\n') + '\n');
  replay(site, file);
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

/** Opens the dead letters when there are as many as wanted. @param {import('playwright-core').Page} page @param {number} count */
async function letters(page, count) {
  for (;;) {
    await page.goto(`${site.url}/dead-letters`);
    if ((await page.locator('.letter').count()) === count) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('processes, queues and what was given up are shown, and kept fresh', { skip, timeout: 60_000 }, async () => {
  const { page, context, complaints } = await open(browser);
  await letters(page, BROKEN.length);
  await page.goto(`${site.url}/workers`);
  await page.waitForSelector('html[data-ready]');
  await page.waitForSelector('.state.alive:has-text("alive")');
  assert.equal(await page.locator('section:has(#queues) tbody tr').count(), 13);
  assert.match((await page.textContent('.tiles')) ?? '', /Dead letters\s*3/);
  const before = await page.textContent('#as-of');
  await until(page, (before) => document.querySelector('#as-of')?.textContent !== before, before);
  assert.deepEqual(await serious(page), []);
  await page.click('section:has(#queues) a.bad');
  await page.waitForURL('**/dead-letters?queue=*');
  assert.equal(await page.locator('.letter').count(), BROKEN.length);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('strangers see why, sheriffs put back and discard', { skip, timeout: 60_000 }, async () => {
  const { page, context, complaints } = await open(browser);
  await letters(page, BROKEN.length);
  await page.locator('.letter-body summary').first().click();
  assert.match((await page.locator('.letter pre').nth(1).textContent()) ?? '', /"status": "three"/);
  assert.equal(await page.locator('main form').count(), 0);
  assert.match((await page.textContent('main')) ?? '', /Sheriffs put them back\. Log in/);
  const whole = await page.locator('.letter-body a').first().getAttribute('href');
  assert.equal((await (await fetch(site.url + whole)).json()).id, Number(whole?.split('/').pop()));

  await logIn(context, site.url, 'member@example.org', false);
  await page.reload();
  assert.equal(await page.locator('main form').count(), 0);
  await logIn(context, site.url, 'sheriff@example.org');
  await page.reload();
  assert.deepEqual(await serious(page), []);
  await page.locator('.letter button:has-text("Put back")').first().click();
  assert.equal(await page.textContent('.told'), 'One dead letter is back in store_pulse_tasks.');
  // It is as broken as before, so it comes again, as the newest.
  await letters(page, BROKEN.length);
  await page.locator('.letter .menu summary').first().click();
  await page.locator('.letter button:has-text("Discard it")').first().click();
  assert.match((await page.textContent('.told')) ?? '', /One dead letter of store_pulse_tasks is discarded/);
  assert.equal(await page.locator('.letter').count(), BROKEN.length - 1);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('without script they are put back as well', { skip, timeout: 60_000 }, async () => {
  const { page, context } = await open(browser, { javaScriptEnabled: false });
  await page.goto(`${site.url}/login?next=/dead-letters`);
  await page.fill('input[name="email"]', 'sheriff@example.org');
  await page.click('main button.main');
  await letters(page, BROKEN.length - 1);
  await page.click('button:has-text("Put all 2 back")');
  assert.equal(await page.textContent('.told'), '2 dead letters are back in store_pulse_tasks.');
  await letters(page, BROKEN.length - 1);
  while (await page.locator('.letter').count()) {
    await page.locator('.letter .menu summary').first().click();
    await page.locator('.letter button:has-text("Discard it")').first().click();
  }
  assert.match((await page.textContent('main')) ?? '', /No dead letters/);
  await context.close();
});
