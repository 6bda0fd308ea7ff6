// @ts-check
// Pictures of every page, wide and narrow, light and dark, full and empty: `scripts/screenshots FOLDER`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launch, logIn, open } from './support/browser.js';
import { demo, filled, replay } from './support/program.js';

const folder = process.argv[2] ?? 'screenshots';
const only = process.argv[3] ?? '';
mkdirSync(folder, { recursive: true });

const FORMS = /** @type {[string, import('playwright-core').BrowserContextOptions][]} */ ([
  ['wide-light', { viewport: { width: 1440, height: 900 }, colorScheme: 'light' }],
  ['wide-dark', { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' }],
  ['narrow-light', { viewport: { width: 390, height: 844 }, colorScheme: 'light' }],
  ['narrow-dark', { viewport: { width: 390, height: 844 }, colorScheme: 'dark' }],
]);

/** @typedef {import('playwright-core').Page} Page */

/** A job of the site that failed and has a log that can be shown. @param {string} site @param {string} repo */
async function failed(site, repo) {
  const { results } = await (await fetch(`${site}/api/project/${repo}/jobs/?result=testfailed&count=50`)).json();
  for (const { id } of results) {
    const answer = await fetch(`${site}/api/project/${repo}/jobs/${id}/log/errors`);
    if (answer.ok && (await answer.json()).errors.length) return id;
  }
  return results[0]?.id ?? 0;
}

const [browser, full, empty, living] = await Promise.all([launch(), filled(12, 300, { args: ['--development-login'] }), filled(0, 0), demo()]);
try {
  const living_job = await failed(living.url, 'try');
  const full_job = await failed(full.url, 'autoland');
  // Some dead letters, and some failures that sheriffs know.
  const broken = join(full.folder, 'broken.jsonl');
  writeFileSync(broken, ['one', 'two', 'three'].map((status) => JSON.stringify({ exchange: 'exchange/taskcluster-queue/v1/task-completed', routing_key: '', root_url: 'https://firefox-ci-tc.services.mozilla.com', body: { status } })).join('\n'));
  replay(full, broken);
  const signatures = Object.values(await (await fetch(`${full.url}/api/project/autoland/performance/signatures/`)).json());
  const series = signatures.slice(0, 2).map((/** @type {any} */ one) => `series=autoland,${one.id},1,${one.framework_id}`).join('&');
  const known = await open(browser);
  await logIn(known.context, living.url, 'sheriff@example.org');
  await known.page.goto(`${living.url}/jobs?repo=try`);
  await known.page.waitForSelector('html[data-ready]');
  for (let i = 0; i < 4; i++) for (const key of ['j', ' ']) await known.page.keyboard.press(key);
  await known.page.keyboard.press('b');
  await known.page.keyboard.type('1900001');
  await known.page.keyboard.press('Control+Enter');
  await known.page.waitForSelector('.toast:has-text("classified")');
  await known.context.close();
  /** @type {[string, string, ((page: Page) => Promise<unknown>)?][]} */
  const pages = [
    ['jobs', `${full.url}/jobs?repo=autoland`],
    ['jobs-expanded', `${full.url}/jobs?repo=autoland&group_state=expanded&tier=1,2,3`],
    ['jobs-selected', `${living.url}/jobs?repo=try&selectedJob=${living_job}`, async (page) => {
      await page.waitForSelector('#panel [data-job]');
      await page.waitForSelector('#panel .similar table, #panel .similar p', { state: 'attached' });
    }],
    ['jobs-pinboard', `${full.url}/jobs?repo=autoland`, async (page) => {
      for (const key of ['j', ' ', 'j', ' ', 'b']) await page.keyboard.press(key);
      await page.waitForSelector('#panel [data-job]');
    }],
    ['jobs-keys', `${full.url}/jobs?repo=autoland`, (page) => page.keyboard.press('?')],
    ['jobs-menu', `${full.url}/jobs?repo=autoland`, (page) => page.click('.top > .menu:not(.nav) > summary')],
    ['jobs-empty', `${empty.url}/jobs?repo=autoland`],
    ['missing', `${full.url}/jobs?repo=nowhere`],
    ['job', `${living.url}/jobs/try/${living_job}`],
    ['job-plain', `${full.url}/jobs/autoland/${full_job}`],
    ['log', `${living.url}/logviewer?repo=try&job_id=${living_job}`],
    ['artifacts', `${living.url}/jobs/try/${living_job}/artifacts`],
    ['filer', `${living.url}/jobs?repo=try&selectedJob=${living_job}`, async (page) => {
      await page.click('[data-act="file"]');
      await page.waitForSelector('dialog[open]');
    }],
    ['performance', `${full.url}/performance?repo=autoland&${series}`, (page) => page.waitForSelector('.chart-points')],
    ['performance-empty', `${empty.url}/performance`],
    ['intermittents', `${living.url}/intermittent-failures`, (page) => page.waitForSelector('#failures table')],
    ['intermittents-empty', `${empty.url}/intermittent-failures`],
    ['repositories', `${living.url}/repositories`],
    ['workers', `${full.url}/workers`],
    ['workers-living', `${living.url}/workers`],
    ['dead-letters', `${full.url}/dead-letters`, (page) => page.click('.letter-body summary')],
    ['dead-letters-empty', `${empty.url}/dead-letters`],
    ['guide', `${full.url}/userguide`],
    ['api', `${full.url}/docs`],
    ['about', `${full.url}/about`],
    ['login', `${full.url}/login`],
    ['more', `${full.url}/about`, (page) => page.click((page.viewportSize()?.width ?? 0) > 1020 ? '.more-pages > summary' : '.menu.nav > summary')],
  ];
  for (const [form, options] of FORMS) {
    for (const [name, url, act] of pages) {
      if (!`${name}-${form}`.includes(only)) continue;
      const { page, context, complaints } = await open(browser, options);
      // Half of the pages as somebody who is logged in.
      if (/selected|pinboard|filer|dead|workers/.test(name) && !name.includes('empty')) await logIn(context, new URL(url).origin, 'sheriff@example.org');
      await page.goto(url);
      await page.waitForLoadState('load');
      await page.waitForTimeout(300);
      try {
        await act?.(page);
      } catch (error) {
        complaints.push(String(error).split('\n')[0]);
      }
      await page.waitForTimeout(300);
      await page.screenshot({ path: join(folder, `${name}-${form}.png`) });
      console.log(`${name}-${form}`, ...complaints);
      await context.close();
    }
  }
} finally {
  await browser.close();
  await Promise.all([full.stop(), empty.stop(), living.stop()]);
}
