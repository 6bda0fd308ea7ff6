// @ts-check
// What holds for every page: no complaint, nothing from elsewhere, nothing inline, of use to everybody, on wide screens and on phones, light and dark.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, logIn, open, serious, skipped, until } from '../support/browser.js';
import { demo, filled } from '../support/program.js';

const skip = skipped();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('../support/program.js').Site} */
let full;
/** @type {import('../support/program.js').Site} */
let empty;
/** Paths of a site that has everything, and of one that has nothing. @type {[string, string][]} */
let paths = [];

before(async () => {
  if (skip) return;
  [browser, full, empty] = await Promise.all([launch(), demo(), filled(0, 0)]);
  // A job of which everything can be shown.
  const { results } = await (await fetch(`${full.url}/api/project/try/jobs/?result=testfailed&count=50`)).json();
  let id = 0;
  for (const job of results) if ((await fetch(`${full.url}/api/project/try/jobs/${job.id}/log/errors`)).ok) id = job.id;
  assert.ok(id, 'the demo has no failed job with a log');
  const signatures = await (await fetch(`${full.url}/api/project/autoland/performance/signatures/`)).json();
  const series = Object.values(signatures).slice(0, 2).map((one) => `series=autoland,${one.id},1,${one.framework_id}`).join('&');
  const of_full = ['/jobs?repo=autoland', `/jobs?repo=try&selectedJob=${id}`, `/jobs/try/${id}`, `/jobs/try/${id}/artifacts`, `/logviewer?repo=try&job_id=${id}`, `/performance?repo=autoland&${series}`, '/intermittent-failures', '/repositories', '/workers', '/dead-letters', '/userguide', '/about', '/docs', '/login?next=/workers'];
  const of_empty = ['/jobs?repo=autoland', '/performance', '/intermittent-failures', '/repositories', '/workers', '/dead-letters', '/about'];
  paths = [...of_full.map((path) => /** @type {[string, string]} */ ([full.url, path])), ...of_empty.map((path) => /** @type {[string, string]} */ ([empty.url, path]))];
});
after(async () => {
  await browser?.close();
  await Promise.all([full?.stop(), empty?.stop()]);
});

/** The path of a job of which everything can be shown, beside the list. */
const details = () => paths.find(([, path]) => path.includes('selectedJob='))?.[1] ?? '';

for (const [form, options] of /** @type {[string, import('playwright-core').BrowserContextOptions][]} */ ([
  ['wide and light', { colorScheme: 'light' }], ['wide and dark', { colorScheme: 'dark' }],
  ['narrow and light', { colorScheme: 'light', viewport: { width: 390, height: 844 } }], ['narrow and dark', { colorScheme: 'dark', viewport: { width: 390, height: 844 } }],
])) {
  test(`every page, ${form}`, { skip, timeout: 300_000 }, async () => {
    const { page, context, complaints } = await open(browser, options);
    await logIn(context, full.url, 'sheriff@example.org');
    for (const [site, path] of paths) {
      const where = `${path} of the ${site === full.url ? 'full' : 'empty'} site`;
      /** @type {string[]} */
      const elsewhere = [];
      const watch = (/** @type {import('playwright-core').Request} */ request) => { if (!request.url().startsWith(site) && !request.url().startsWith('data:')) elsewhere.push(request.url()); };
      page.on('request', watch);
      const answer = await page.goto(site + path);
      assert.equal(answer?.status(), 200, where);
      const policy = answer?.headers()['content-security-policy'] ?? '';
      assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/, where);
      assert.doesNotMatch(policy, /unsafe|\*/, where);
      // With one the browser would start a process for the page first.
      assert.equal(answer?.headers()['cross-origin-opener-policy'], undefined, where);
      await page.waitForSelector('main h1, main h2', { state: 'attached' });
      if (await page.$('script[type="module"]:not([src*="/page.js"])')) await page.waitForSelector('html[data-ready]');
      assert.equal(await page.locator('h1').count() <= 1, true, where);
      assert.deepEqual(await serious(page), [], where);
      assert.deepEqual(complaints.splice(0), [], where);
      assert.deepEqual(elsewhere, [], where);
      const { width, fits } = await page.evaluate(() => ({ width: document.documentElement.scrollWidth, fits: innerWidth }));
      assert.ok(width <= fits, `${where} is ${width} pixels wide, the screen ${fits}`);
      page.off('request', watch);
    }
    await context.close();
  });
}

test('the navigation leads to every page, on a phone too', { skip, timeout: 120_000 }, async () => {
  for (const [open_menu, links, options] of /** @type {[string, string, import('playwright-core').BrowserContextOptions][]} */ ([
    ['.more-pages > summary', '.pages.wide a, .more-pages a', {}], ['.menu.nav > summary', '.menu.nav a', { viewport: { width: 390, height: 844 } }],
  ])) {
    const { page, context, complaints } = await open(browser, options);
    await page.goto(`${full.url}/jobs?repo=autoland`);
    const targets = await page.$$eval(links, (all) => all.map((link) => link.getAttribute('href') ?? ''));
    assert.equal(targets.length, 9);
    for (const target of targets) {
      await page.click(open_menu);
      await page.click(`${links.split(', ').map((each) => `${each}[href="${target}"]`).join(', ')}`);
      // A page may add to its address what it shows.
      await page.waitForURL(({ pathname, search }) => `${pathname}${search}`.startsWith(target));
      assert.ok(await page.locator('h1').count(), target);
      assert.equal(await page.locator('[aria-current="page"]').first().getAttribute('href'), target);
    }
    assert.deepEqual(complaints, []);
    await context.close();
  }
});

test('what a page is for is there on a phone, and nothing that does not belong', { skip, timeout: 60_000 }, async () => {
  const { page, context } = await open(browser, { viewport: { width: 390, height: 844 } });
  await page.goto(`${full.url}/repositories`);
  const cells = await page.$$('.trees :is(th, td)');
  assert.ok(cells.length > 0);
  for (const cell of cells) {
    const { right, cut, text } = await cell.evaluate((element) => ({ right: element.getBoundingClientRect().right, cut: element.scrollWidth > element.clientWidth, text: element.textContent }));
    assert.ok(right <= 390 && !cut, `${text} ends at ${right} of 390 pixels`);
  }
  await page.goto(`${empty.url}/performance`);
  await page.waitForSelector('html[data-ready]');
  assert.equal(await page.isVisible('text=Drag to zoom'), false);
  await page.goto(full.url + (paths.find(([, path]) => path.startsWith('/performance?'))?.[1] ?? ''));
  await page.waitForSelector('text=Drag to zoom');
  await context.close();
});

test('on a phone the parts of the details have one line of tabs, and the chosen one is seen', { skip, timeout: 60_000 }, async () => {
  const { page, context } = await open(browser, { viewport: { width: 390, height: 844 } });
  await page.goto(full.url + details());
  // What the tabs say hangs on the job: with all that there can be they would need a second line.
  await until(page, () => document.querySelectorAll('[role="tab"]').length >= 5);
  const tabs = await page.$$eval('[role="tab"]', (tabs) => tabs.map((tab) => tab.getBoundingClientRect()).map(({ top, width }) => ({ top, width })));
  assert.ok(tabs.reduce((sum, { width }) => sum + width, 0) > 390, `${JSON.stringify(tabs)} fit anyway`);
  assert.equal(new Set(tabs.map(({ top }) => top)).size, 1, JSON.stringify(tabs));
  // From each to the next, around to the first again.
  for (const _ of tabs) {
    await page.keyboard.press('t');
    const [left, right] = await page.$eval('[role="tab"][aria-selected="true"]', (tab) => { const box = tab.getBoundingClientRect(); return [box.left, box.right]; });
    assert.ok(left >= 0 && right <= 390, `${left} ${right}`);
  }
  await context.close();
});

test('a suggested bug stands in one line with the button that pins it', { skip, timeout: 60_000 }, async () => {
  for (const width of [1440, 390]) {
    const { page, context } = await open(browser, { viewport: { width, height: 844 } });
    await page.goto(full.url + details());
    // The bugs of this job are resolved ones, behind their fold.
    await page.locator('.suggested summary').first().click();
    await page.waitForSelector('.bugs-found .bug');
    const [button, bug] = await page.$eval('.bugs-found li', (item) => [...item.children].slice(0, 2).map((part) => { const box = part.getBoundingClientRect(); return [box.top + box.height / 2, box.width]; }));
    assert.ok(Math.abs(button[0] - bug[0]) < 6 && button[1] < 40, `${width}: ${button} ${bug}`);
    await context.close();
  }
});

test('the theme is chosen with a button and kept', { skip, timeout: 60_000 }, async () => {
  const { page, context } = await open(browser, { colorScheme: 'light' });
  await page.goto(`${empty.url}/about`);
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await page.click('#theme');
  assert.equal(await ground(), light);
  await page.click('#theme');
  const dark = await ground();
  assert.notEqual(dark, light);
  await page.goto(`${empty.url}/repositories`);
  assert.equal(await ground(), dark);
  await context.close();
});

test('what there is not is told, with a way on', { skip, timeout: 60_000 }, async () => {
  const { page, context } = await open(browser);
  for (const path of ['/jobs?repo=nowhere', '/jobs/autoland/999999999', '/jobs/autoland/999999999/artifacts', '/logviewer?repo=autoland&job_id=999999999']) {
    const answer = await page.goto(full.url + path);
    assert.equal(answer?.status(), 404, path);
    await page.click('main a.button');
    await page.waitForSelector('.push');
    assert.match(page.url(), /\/jobs/);
  }
  await context.close();
});
