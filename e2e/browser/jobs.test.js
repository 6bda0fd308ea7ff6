// @ts-check
// The jobs page in a real browser.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open, serious, skipped, until } from '../support/browser.js';
import { filled } from '../support/program.js';

const skip = skipped();

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('../support/program.js').Site} */
let site;
/** @type {import('../support/program.js').Site} */
let empty;

before(async () => {
  if (skip) return;
  [browser, site, empty] = await Promise.all([launch(), filled(12, 220), filled(0, 0)]);
});
after(async () => {
  await browser?.close();
  await Promise.all([site?.stop(), empty?.stop()]);
});

/** @param {string} query @param {import('playwright-core').BrowserContextOptions} [options] */
async function jobs(query, options) {
  const opened = await open(browser, options);
  await opened.page.goto(`${site.url}/jobs?${query}`);
  if (options?.javaScriptEnabled !== false) await opened.page.waitForSelector('html[data-ready]');
  return opened;
}

/** The jobs on the page, once all of them are drawn. @param {import('playwright-core').Page} page */
const symbols = async (page) => {
  await until(page, () => document.querySelector('#pushes')?.getAttribute('aria-busy') !== 'true');
  return page.$$eval('.j', (all) => all.map((each) => `${each.getAttribute('data-id')} ${each.textContent}`));
};

test('the front page leads to the jobs, which open without a complaint', { skip }, async () => {
  const { page, complaints, context } = await open(browser);
  const answer = await page.goto(`${site.url}/`);
  assert.match(answer?.headers()['content-security-policy'] ?? '', /default-src 'none'/);
  await page.waitForSelector('html[data-ready]');
  assert.equal(new URL(page.url()).pathname, '/jobs');
  assert.equal(await page.locator('.push').count(), 10);
  assert.match(await page.title(), /^\[\d+\] autoland$/);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('what the script draws is what the server has drawn', { skip }, async () => {
  for (const query of ['repo=autoland', 'repo=autoland&group_state=expanded&tier=1,2,3', 'repo=autoland&searchStr=linux+bc&resultStatus=success,testfailed', 'repo=autoland&duplicate_jobs=visible']) {
    const without = await jobs(query, { javaScriptEnabled: false });
    const rendered = await without.page.$$eval('.row', (rows) => rows.map((row) => row.textContent));
    await without.context.close();
    const { page, context } = await jobs(query);
    // Away from the rules in force and back: everything is drawn anew.
    const url = page.url();
    for (const there of ['/jobs?repo=autoland&resultStatus=superseded', url]) {
      await page.evaluate((there) => {
        history.replaceState(null, '', there);
        dispatchEvent(new PopStateEvent('popstate'));
      }, there);
      await symbols(page);
    }
    await page.waitForSelector('#pushes[aria-busy=false]');
    const drawn = await page.$$eval('.row', (rows) => rows.map((row) => row.textContent?.replace('±', '')));
    // The server draws those of the first pushes.
    assert.ok(rendered.length > 0, query);
    assert.deepEqual(drawn.slice(0, rendered.length), rendered, query);
    await context.close();
  }
});

test('what is below the screen waits while the page opens, and is there when somebody goes there', { skip }, async () => {
  const { page, context } = await open(browser);
  await page.addInitScript(() => {
    new MutationObserver(() => {
      const w = /** @type {any} */ (window);
      const last = [...document.querySelectorAll('.push')].at(-1);
      // Before the script is there the style sheet alone holds back what is below: that has a test of its own.
      w.waited ||= last && document.documentElement.hasAttribute('data-ready') && getComputedStyle(last).contentVisibility === 'hidden';
    }).observe(document, { attributes: true, subtree: true });
  });
  await page.goto(`${site.url}/jobs?repo=autoland`);
  await symbols(page);
  await until(page, () => /** @type {any} */ (window).waited && [...document.querySelectorAll('.push, .row')].every((element) => getComputedStyle(element).contentVisibility !== 'hidden'));
  const last = page.locator('.push .j').last();
  await last.scrollIntoViewIfNeeded();
  assert.ok((await last.boundingBox())?.height);
  await context.close();
});

test('the first picture is the start of the newest push; the rest comes by itself where the script does not', { skip }, async () => {
  const { page, context } = await open(browser);
  await page.route('**/jobs/main.js', (route) => route.abort());
  await page.goto(`${site.url}/jobs?repo=autoland`);
  const [pushes, rows, hidden] = await page.evaluate(() => {
    const waits = (/** @type {string} */ what) => [...document.querySelectorAll(what)].map((element) => getComputedStyle(element).animationName === 'opening');
    const found = /** @type {const} */ ([waits('.push'), waits('.push:first-child .row')]);
    const first = /** @type {HTMLElement} */ (document.querySelector('.push .row'));
    first.style.animation = 'opening 100s';
    const { contentVisibility } = getComputedStyle(first);
    first.style.animation = '';
    return [...found, contentVisibility];
  });
  assert.equal(hidden, 'hidden');
  assert.ok(rows.length > 6, 'the push has more rows than the first picture');
  assert.deepEqual(rows, rows.map((_, at) => at >= 6));
  assert.deepEqual(pushes, pushes.map((_, at) => at >= 1));
  await until(page, () => [...document.querySelectorAll('.push, .row')].every((element) => getComputedStyle(element).contentVisibility !== 'hidden'));
  await context.close();
});

test('rows that a filter does not touch stay, those of the server too', { skip }, async () => {
  const { page, context } = await jobs('repo=autoland');
  await symbols(page);
  const [kept, links] = await page.evaluate(() => {
    const first = /** @type {HTMLElement} */ (document.querySelector('.push'));
    for (const row of first.querySelectorAll('.row')) row.setAttribute('data-seen', '');
    history.replaceState(null, '', '/jobs?repo=autoland&tier=1,2');
    dispatchEvent(new PopStateEvent('popstate'));
    return [first.querySelectorAll('.row[data-seen]').length, first.querySelectorAll('.gs:not([role="button"])').length];
  });
  assert.ok(kept > 0);
  assert.equal(links, 0);
  await context.close();
});

test('filters change what is shown and the URL, and the URL brings them back', { skip }, async () => {
  const { page, complaints, context } = await jobs('repo=autoland');
  const all = (await symbols(page)).length;
  await page.keyboard.press('u');
  await until(page, () => location.search.includes('classifiedState=unclassified'));
  const failed = await symbols(page);
  assert.ok(failed.length > 0 && failed.length < all);
  assert.equal(await page.getAttribute('#unclassified', 'aria-pressed'), 'true');
  await page.reload();
  await page.waitForSelector('html[data-ready]');
  assert.deepEqual(await symbols(page), failed);
  await page.keyboard.press('f');
  await page.keyboard.type('windows');
  await until(page, () => location.search.includes('searchStr=windows'));
  await until(page, () => [...document.querySelectorAll('.row h3')].every((title) => title.textContent?.startsWith('Windows')));
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Shift+F');
  await until(page, () => !location.search.includes('searchStr'));
  assert.deepEqual(await symbols(page), failed);
  await page.goBack();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('keys go from failure to failure and from job to job; the details open beside the list', { skip }, async () => {
  const { page, complaints, context } = await jobs('repo=autoland');
  await page.keyboard.press('j');
  await page.waitForSelector('#panel [data-job]');
  const first = await page.getAttribute('#panel [data-job]', 'data-job');
  assert.equal(await page.getAttribute('.j[aria-current]', 'data-id'), first);
  assert.match(page.url(), /selectedTaskRun=\w{22}\.0/);
  await page.keyboard.press('n');
  await until(page, (before) => document.querySelector('#panel [data-job]')?.getAttribute('data-job') !== before, first);
  await page.keyboard.press('k');
  await until(page, (wanted) => document.querySelector('#panel [data-job]')?.getAttribute('data-job') === wanted, first);
  await page.keyboard.press('ArrowRight');
  await until(page, (before) => document.querySelector('#panel [data-job]')?.getAttribute('data-job') !== before, first);
  const tab = () => page.getAttribute('#panel [aria-selected="true"]', 'data-tab');
  const before = await tab();
  await page.keyboard.press('t');
  assert.notEqual(await tab(), before);
  const url = page.url();
  await page.keyboard.press('Escape');
  assert.equal(await page.isVisible('#panel'), false);
  assert.ok(!page.url().includes('selected'));
  // A link to the selected job shows it again.
  await page.goto(url);
  await page.waitForSelector('html[data-ready]');
  assert.equal(await page.isVisible('#panel [data-job]'), true);
  await page.keyboard.press('?');
  await page.waitForSelector('dialog[open]');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('links of old lead to what they meant', { skip }, async () => {
  const { page, complaints, context } = await open(browser);
  const { results } = await (await fetch(`${site.url}/api/project/autoland/push/?count=3`)).json();
  await page.goto(`${site.url}/#/jobs?repo=autoland&revision=${results[2].revision}&filter-tier=1`);
  await page.waitForURL(/\/jobs\?repo=autoland&revision=/);
  await page.waitForSelector('html[data-ready]');
  assert.deepEqual(await page.$$eval('.push', (pushes) => pushes.map((push) => Number(/** @type {HTMLElement} */ (push).dataset.push))), [results[2].id]);
  const id = await page.locator('.j').first().getAttribute('data-id');
  for (const javaScriptEnabled of [true, false]) {
    const opened = await jobs(`repo=autoland&selectedJob=${id}`, { javaScriptEnabled });
    assert.match(opened.page.url(), /\/jobs\?repo=autoland&selectedTaskRun=[\w-]{22}\.0$/);
    assert.equal(await opened.page.getAttribute('#panel [data-job]', 'data-job'), id);
    await opened.context.close();
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test('on a phone the selected job is seen above its details, and whether the page is live', { skip }, async () => {
  const { page, complaints, context } = await jobs('repo=autoland', { viewport: { width: 390, height: 844 } });
  await symbols(page);
  await page.waitForSelector('#live.live:not(.off)');
  assert.equal(await page.isVisible('#live'), true);
  const seen = () => until(page, () => {
    const box = document.querySelector('.j[aria-current]')?.getBoundingClientRect();
    const panel = document.querySelector('#panel')?.getBoundingClientRect();
    return box && panel && panel.height > 0 && box.bottom <= panel.top && box.top >= 48;
  }, undefined, 5);
  const last = page.locator('.push').last().locator('.j').last();
  await last.scrollIntoViewIfNeeded();
  await last.click();
  await seen();
  for (const key of ['ArrowLeft', 'ArrowRight', 'j', 'k']) {
    await page.keyboard.press(key);
    await seen();
  }
  // The pinboard has room for a comment, below the jobs.
  await page.keyboard.press(' ');
  const [pins, comment] = await Promise.all(['.pinned-jobs', '.pinboard [name="comment"]'].map(async (part) => (await page.locator(part).boundingBox()) ?? { y: 0, width: 0, height: 0 }));
  assert.ok(comment.width > 200 && comment.y >= pins.y + pins.height, `${comment.width} pixels for a comment`);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('within the brackets of a group there is as much room on the left as on the right', { skip }, async () => {
  for (const width of [1440, 390]) {
    const { page, context } = await jobs('repo=autoland', { viewport: { width, height: 844 } });
    const rooms = await page.$$eval('.gs + .c:last-child', (counts) => counts.map((count) => {
      const text = document.createRange();
      text.selectNodeContents(count);
      const [inner, head, whole] = [text, count.previousElementSibling ?? count, count].map((each) => each.getBoundingClientRect());
      return [inner.left - head.right, whole.right - inner.right];
    }));
    assert.ok(rooms.length > 0);
    for (const room of rooms) assert.ok(room.every((pixels) => pixels >= 0 && pixels < 2.5), `${room} of ${width}`);
    await context.close();
  }
});

test('jobs of one classification are chosen by its name', { skip }, async () => {
  const { page, complaints, context } = await jobs('repo=autoland');
  await page.click('.bar > .menu > summary');
  const places = () => page.evaluate(() => history.length);
  const before = await places();
  await page.selectOption('#field', { label: 'classification' });
  assert.equal(await page.isVisible('#value'), false);
  await page.getByRole('combobox', { name: 'Classification' }).selectOption({ label: 'intermittent' });
  assert.equal(await places(), before, 'nothing is filtered yet');
  await page.click('#add-field');
  await until(page, () => location.search.includes('failure_classification_id=4'));
  assert.equal(await page.textContent('#strip .tag'), 'classification: intermittent, remove');
  await page.click('#strip .tag');
  await until(page, () => !location.search.includes('failure_classification_id'));
  assert.deepEqual(complaints, []);
  await context.close();
});

test('counts open into jobs', { skip }, async () => {
  const { page, context } = await jobs('repo=autoland');
  const before = (await symbols(page)).length;
  const count = page.locator('.c').first();
  const more = Number((await count.textContent())?.slice(1));
  await count.click();
  assert.ok((await page.locator('.j').count()) >= before + more);
  await context.close();
});

test('older pushes come when the end is reached', { skip }, async () => {
  const { page, complaints, context } = await jobs('repo=autoland');
  await page.mouse.wheel(0, 100000);
  await until(page, () => document.querySelectorAll('.push').length === 12);
  const dates = await page.$$eval('.push time', (all) => all.map((time) => time.getAttribute('datetime') ?? ''));
  assert.deepEqual(dates, [...dates].sort().reverse());
  // Pushes grow when they are drawn: the end may be further away again.
  await until(page, () => {
    scrollTo(0, document.body.scrollHeight);
    return document.querySelector('#more')?.textContent?.includes('oldest');
  });
  assert.deepEqual(complaints, []);
  await context.close();
});

test('without script there are pushes, jobs, filters and details', { skip }, async () => {
  const { page, context } = await jobs('repo=autoland', { javaScriptEnabled: false });
  assert.equal(await page.locator('.push').count(), 10);
  // Later pushes have their jobs on pages of their own.
  const last = page.locator('.push').last();
  const revision = new URL((await last.locator('h2 a').first().getAttribute('href')) ?? '', page.url()).searchParams.get('revision');
  await last.locator('a', { hasText: 'Show the jobs of this push' }).click();
  // The beginning of a page comes before its jobs.
  await page.waitForURL(({ searchParams }) => searchParams.get('revision') === revision);
  assert.ok((await page.locator('.j').count()) > 0);
  await page.goBack();
  await page.fill('#search', 'windows');
  await page.click('noscript button');
  await page.waitForURL(/searchStr=windows/);
  const platforms = await page.locator('.row h3').allTextContents();
  assert.ok(platforms.length > 0 && platforms.every((title) => title.startsWith('Windows')));
  await page.locator('.j.s-t').first().click();
  await page.waitForURL(/\/jobs\/autoland\/\d+$/);
  assert.match((await page.textContent('main')) ?? '', /test failed/);
  await context.close();
});

test('a page without jobs stays without them', { skip }, async () => {
  const changed = async (/** @type {string} */ more) => {
    const { results } = await (await fetch(`${site.url}/api/project/autoland/push/?count=1`)).json();
    return (await (await fetch(`${site.url}/jobs/data?repo=autoland&shown=${results[0].id}&since=2000-01-01T00:00:00.0${more}`)).json()).changed;
  };
  assert.ok((await changed('')).jobs.length > 0);
  assert.equal(await changed('&nojobs=1'), null);
});

test('jobs speak to a screen reader', { skip }, async () => {
  const { page, context } = await jobs('repo=autoland&resultStatus=testfailed');
  assert.match((await page.locator('.j').first().getAttribute('aria-label')) ?? '', /^test failed: test-\S+, \w+ [\w. ]+/);
  await context.close();
});

for (const [name, options] of /** @type {[string, import('playwright-core').BrowserContextOptions][]} */ ([
  ['light', { colorScheme: 'light' }], ['dark', { colorScheme: 'dark' }], ['narrow', { viewport: { width: 390, height: 844 } }],
])) {
  test(`nothing serious for people with disabilities, ${name}`, { skip }, async () => {
    const { page, context } = await jobs('repo=autoland', options);
    await symbols(page);
    // What the browser skips beyond the screen has no place there, and axe would see all of it on one heap.
    await page.$$eval('.push', (pushes) => pushes.forEach((push) => { /** @type {HTMLElement} */ (push).style.contentVisibility = 'visible'; }));
    assert.deepEqual(await serious(page), []);
    await page.keyboard.press('j');
    await page.waitForSelector('#panel [data-job]');
    await page.keyboard.press(' ');
    assert.deepEqual(await serious(page), []);
    await context.close();
  });
}

test('the overview of the repositories tells how the newest pushes are doing, and leads to each', { skip, timeout: 60_000 }, async () => {
  const { page, complaints, context } = await open(browser);
  await page.goto(`${site.url}/repositories`);
  const row = page.locator('.trees tr', { has: page.locator('th a', { hasText: /^autoland$/ }) });
  const { results } = await (await fetch(`${site.url}/api/project/autoland/push/?count=6`)).json();
  assert.ok(results.length > 0);
  assert.equal(await row.locator('.tick').count(), results.length);
  const words = (await row.locator('.tick').first().getAttribute('aria-label')) ?? '';
  await row.locator('.tick').first().click();
  await page.waitForSelector('html[data-ready]');
  assert.equal(new URL(page.url()).searchParams.get('revision'), results[0].revision);
  // The push itself tells the same, after the word for its time.
  const failed = /(\d+) unclassified/.exec((await page.textContent('.push .progress')) ?? '')?.[1];
  assert.ok(words.includes(` by ${results[0].author}: ${failed ?? 'no'} unclassified failure`), `${words}, but ${failed}`);
  await page.goto(`${empty.url}/repositories`);
  assert.equal(await page.locator('.tick:not(header .tick)').count(), 0);
  assert.match((await page.textContent('main')) ?? '', /Nothing pushed yet/);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('an empty repository and one that there is not', { skip }, async () => {
  const { page, complaints, context } = await open(browser);
  await page.goto(`${empty.url}/jobs?repo=autoland`);
  assert.match((await page.textContent('#nothing')) ?? '', /No pushes here/);
  await page.waitForSelector('html[data-ready]');
  assert.deepEqual(await serious(page), []);
  assert.deepEqual(complaints, []);
  const answer = await page.goto(`${site.url}/jobs?repo=nowhere`);
  assert.equal(answer?.status(), 404);
  assert.match((await page.textContent('main')) ?? '', /nowhere/);
  await context.close();
});
