// @ts-check
// Classification from the first key to the undo, and what others see of it; filing a bug.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { launch, logIn, open, serious, skipped, until } from '../support/browser.js';
import { filled, token } from '../support/program.js';

const skip = skipped();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('../support/program.js').Site} */
let site;
/** What was filed at the Bugzilla of the test. @type {any[]} */
const filed = [];
/** What it says against it, if it does. */
let refusal = '';

const bugzilla = createServer((request, response) => {
  const parts = /** @type {Buffer[]} */ ([]);
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const body = JSON.parse(Buffer.concat(parts).toString() || '{}');
    response.setHeader('content-type', 'application/json');
    if (request.method !== 'POST' || request.url !== '/rest/bug' || refusal) {
      response.statusCode = 400;
      response.end(JSON.stringify({ error: true, message: refusal || 'no' }));
      return;
    }
    filed.push({ key: request.headers['x-bugzilla-api-key'], ...body });
    response.end(JSON.stringify({ id: 1_990_000 + filed.length }));
  });
});

before(async () => {
  if (skip) return;
  await new Promise((resolve) => bugzilla.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = /** @type {import('node:net').AddressInfo} */ (bugzilla.address());
  const settings = { BUGZILLA_API_URL: `http://127.0.0.1:${address.port}`, BUG_FILER_API_KEY: 'the-key', TREEHERDER_PRIVATE_HOSTS: '127.0.0.1' };
  [browser, site] = await Promise.all([launch(), filled(3, 140, { args: ['--development-login'], settings })]);
});
after(async () => {
  await browser?.close();
  await site?.stop();
  bugzilla.close();
});

/** The jobs page of somebody, or of nobody. @param {string} [who] @param {string} [more] */
async function jobs(who, more = '') {
  const opened = await open(browser);
  if (who) await logIn(opened.context, site.url, who);
  await opened.page.goto(`${site.url}/jobs?repo=autoland${more}`);
  await opened.page.waitForSelector('html[data-ready]');
  return opened;
}

/** The jobs on the pinboard. @param {import('playwright-core').Page} page */
const pinned = (page) => page.$$eval('[data-unpin]', (pins) => pins.map((pin) => Number(/** @type {HTMLElement} */ (pin).dataset.unpin)));

/** Waits until some jobs are classified on a page, or not. @param {import('playwright-core').Page} page @param {number[]} ids @param {boolean} classified */
const shown = (page, ids, classified) => until(page, ([ids, classified]) => ids.every((id) => document.querySelector(`.j[data-id="${id}"]`)?.classList.contains('star') === classified), /** @type {[number[], boolean]} */ ([ids, classified]));

/** @param {string} path @returns {Promise<any>} */
const api = async (path) => (await fetch(`${site.url}/api/project/autoland/${path}`)).json();

test('several jobs are classified by keyboard, others see it at once, undo takes it back', { skip, timeout: 120_000 }, async () => {
  const [mine, other] = await Promise.all([jobs('sheriff@example.org'), jobs()]);
  const { page } = mine;
  await other.page.waitForSelector('#live.live:not(.off):not([hidden])');
  for (const key of ['j', ' ', 'j', ' ', 'j', ' ']) await page.keyboard.press(key);
  const ids = await pinned(page);
  assert.equal(ids.length, 3);
  await page.keyboard.press('b');
  await page.keyboard.type('1900001');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await page.keyboard.press('c');
  await page.keyboard.type('the usual timeout');
  await page.keyboard.press('Control+Enter');
  await page.waitForSelector('.toast:has-text("3 jobs classified")');
  await Promise.all([shown(page, ids, true), shown(other.page, ids, true)]);
  assert.equal(await page.isVisible('.pinboard'), false);
  for (const id of ids) {
    const [note] = await api(`note/?job_id=${id}`);
    assert.deepEqual([note.who, note.text, note.failure_classification_id], ['sheriff@example.org', 'the usual timeout', 4]);
    assert.equal((await api(`bug-job-map/?job_id=${id}`))[0].bug_id, 1900001);
  }
  // What is classified is nothing to go to any more.
  await page.keyboard.press('k');
  assert.ok(!ids.includes(Number(await page.getAttribute('.j[aria-current]', 'data-id'))));
  // What somebody else says meanwhile is not taken back.
  const [first, ...others] = ids;
  const headers = { authorization: `Bearer ${token(site)}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ job_id: first, failure_classification_id: 2, text: 'fixed since' });
  assert.equal((await fetch(`${site.url}/api/project/autoland/note/`, { method: 'POST', headers, body })).status, 200);
  await page.click('.toast button:has-text("Undo")');
  await page.waitForSelector('.toast:has-text("Undone")');
  await Promise.all([shown(page, others, false), shown(other.page, others, false), shown(page, [first], true)]);
  assert.deepEqual((await api(`note/?job_id=${first}`)).map((/** @type {{ text: string }} */ note) => note.text), ['fixed since']);
  for (const id of others) assert.deepEqual(await api(`note/?job_id=${id}`), []);
  for (const id of ids) assert.deepEqual(await api(`bug-job-map/?job_id=${id}`), []);
  assert.deepEqual([...mine.complaints, ...other.complaints], []);
  await Promise.all([mine.context.close(), other.context.close()]);
});

test('undo takes back what this classification has made, and nothing that was there before', { skip, timeout: 60_000 }, async () => {
  const { page, context, complaints } = await jobs('sheriff@example.org');
  for (const key of ['j', ' ', 'j', ' ']) await page.keyboard.press(key);
  const [first, second] = await pinned(page);
  const headers = { authorization: `Bearer ${token(site)}`, 'content-type': 'application/json' };
  const send = async (/** @type {string} */ path, /** @type {object} */ body) => assert.equal((await fetch(`${site.url}/api/project/autoland/${path}/`, { method: 'POST', headers, body: JSON.stringify(body) })).status, 200);
  await send('bug-job-map', { job_id: first, bug_id: 1900002, bug_open: false });
  await page.keyboard.press('b');
  await page.keyboard.type('1900002');
  await page.keyboard.press('Control+Enter');
  await page.waitForSelector('.toast:has-text("2 jobs classified")');
  // Something of mine that is newer.
  await page.evaluate(async (id) => {
    const proof = document.cookie.split('; ').find((pair) => pair.startsWith('csrftoken='))?.slice(10) ?? '';
    await fetch('/api/project/autoland/note/', { method: 'POST', headers: { 'content-type': 'application/json', 'x-csrftoken': proof }, body: JSON.stringify({ job_id: id, failure_classification_id: 5, text: 'the network' }) });
  }, second);
  await page.click('.toast button:has-text("Undo")');
  await page.waitForSelector('.toast:has-text("Undone")');
  assert.deepEqual((await api(`bug-job-map/?job_id=${first}`)).map((/** @type {{ bug_id: number }} */ map) => map.bug_id), [1900002]);
  assert.deepEqual(await api(`bug-job-map/?job_id=${second}`), []);
  assert.deepEqual(await api(`note/?job_id=${first}`), []);
  assert.deepEqual((await api(`note/?job_id=${second}`)).map((/** @type {{ text: string }} */ note) => note.text), ['the network']);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('ctrl and backspace deletes a classification; the annotations tell who said what', { skip, timeout: 60_000 }, async () => {
  const { page, context, complaints } = await jobs('sheriff@example.org');
  for (const key of ['j', ' ', 'c']) await page.keyboard.press(key);
  const [id] = await pinned(page);
  await page.keyboard.type('seen before');
  await page.keyboard.press('Control+Enter');
  await shown(page, [id], true);
  await page.waitForSelector('.annotations >> text=seen before', { state: 'attached' });
  await page.click('[data-tab="annotations"]');
  await until(page, () => /intermittent seen before sheriff@example\.org/.test(document.querySelector('.annotations')?.textContent ?? ''));
  // When the job changes, what was told can be read on, in the same place, until it is told anew.
  await page.setViewportSize({ width: 1440, height: 220 });
  const place = await page.evaluate(() => {
    const panel = /** @type {HTMLElement} */ (document.querySelector('#panel'));
    panel.scrollTop = 30;
    return panel.scrollTop;
  });
  assert.ok(place > 0);
  await page.route('**/note/?job_id=*', () => {});
  const [asked] = await Promise.all([page.waitForRequest('**/note/?job_id=*'), page.evaluate(() => { document.dispatchEvent(new CustomEvent('classified')); })]);
  assert.match(asked.url(), new RegExp(`job_id=${id}$`));
  assert.match((await page.textContent('.annotations')) ?? '', /intermittent seen before sheriff@example\.org/);
  assert.equal(await page.evaluate(() => document.querySelector('#panel')?.scrollTop), place);
  await page.unroute('**/note/?job_id=*');
  await page.keyboard.press('Control+Backspace');
  await shown(page, [id], false);
  await page.waitForSelector('.annotations >> text=Nobody has classified this job');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a deleted annotation goes at once, and similar jobs that were asked for stay', { skip, timeout: 60_000 }, async () => {
  const { page, context, complaints } = await jobs('sheriff@example.org');
  const like = { result: 'success', state: 'completed', platform: 'linux', platform_option: 'opt', start_timestamp: 60, end_timestamp: 180 };
  await page.route('**/similar_jobs/**', (route) => {
    const { searchParams } = new URL(route.request().url());
    const [count, offset] = ['count', 'offset'].map((name) => Number(searchParams.get(name)));
    const results = Array.from({ length: Math.min(count, 45 - offset) }, (_, place) => ({ ...like, id: offset + place + 1 }));
    return route.fulfill({ json: { results } });
  });
  for (const key of ['j', ' ', 'c']) await page.keyboard.press(key);
  await page.keyboard.type('a flaky network');
  await page.keyboard.press('Control+Enter');
  await page.click('[data-tab="similar"]');
  await page.click('.similar button:has-text("More")');
  const has40 = () => document.querySelectorAll('.similar [data-similar]').length === 40;
  await until(page, has40);
  await page.click('[data-tab="annotations"]');
  await page.waitForSelector('.annotations >> text=a flaky network');
  // What is told of the job after that takes its time.
  await page.route('**/note/?job_id=*', () => {});
  const again = page.waitForResponse('**/similar_jobs/**');
  await page.click('[data-act="delete-note"]');
  await until(page, () => !document.querySelector('[data-act="delete-note"]'));
  await again;
  await page.click('[data-tab="similar"]');
  assert.equal(await page.evaluate(has40), true);
  await page.click('.similar button:has-text("More")');
  await until(page, () => document.querySelectorAll('.similar [data-similar]').length === 45);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('what somebody reads of a job stays while it changes, chosen or not', { skip, timeout: 60_000 }, async () => {
  const { page, context, complaints } = await jobs();
  await page.keyboard.press('j');
  const id = await page.getAttribute('.j[aria-current]', 'data-id');
  await page.waitForSelector(`#panel [data-job="${id}"]`);
  const html = await (await fetch(`${site.url}/jobs/autoland/${id}?part=panel`)).text();
  const more = '<details><summary>1 more</summary><ol class="lines"><li><a class="line-number">7</a><code>the line</code></li></ol></details></section>';
  // The part that is usually shown first is another one once a job has ended.
  const changed = async (/** @type {string} */ usual) => {
    const body = html.replace(/data-tabs="\w*"/, `data-tabs="${usual}"`).replace('</section>', more);
    await page.unroute('**/*?part=panel');
    await page.route('**/*?part=panel', (route) => route.fulfill({ contentType: 'text/html', body }));
    await page.evaluate(() => { document.dispatchEvent(new CustomEvent('classified')); });
    await page.waitForSelector(`[data-tabs="${usual}"] [aria-selected="true"]`);
  };
  await changed('failures');
  await page.click('[data-part="failures"] summary');
  assert.equal(await page.isVisible('text=the line'), true);
  await changed('about');
  assert.equal(await page.getAttribute('[role="tab"][aria-selected="true"]', 'data-tab'), 'failures');
  assert.equal(await page.isVisible('text=the line'), true);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('details that were closed before they came stay closed', { skip, timeout: 60_000 }, async () => {
  const { page, context, complaints } = await jobs();
  const address = page.url();
  for (const key of ['j', 'j', 'j', 'Escape']) await page.keyboard.press(key);
  // Whoever goes on quickly waits 200 ms for the details.
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal(await page.isVisible('#panel'), false);
  assert.equal(page.url(), address);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('who is not logged in is asked to, and finds the pinboard as it was', { skip, timeout: 60_000 }, async () => {
  const { page, context, complaints } = await jobs();
  for (const key of ['j', ' ', 'j', ' ', 'c']) await page.keyboard.press(key);
  const ids = await pinned(page);
  await page.keyboard.type('known');
  await page.keyboard.press('Control+Enter');
  await page.click('.toast button:has-text("Log in")');
  await page.waitForURL('**/login?**');
  assert.deepEqual(await serious(page), []);
  await page.fill('input[name="email"]', 'new@example.org');
  await page.click('button:has-text("Log in")');
  await page.waitForSelector('html[data-ready]');
  assert.match(page.url(), /\/jobs\?repo=autoland.*selectedTaskRun/);
  assert.deepEqual(await pinned(page), ids);
  await page.keyboard.press('Control+Enter');
  await shown(page, ids, true);
  await page.click('summary[aria-label="Logged in as new@example.org"]');
  await page.click('button:has-text("Log out")');
  await page.waitForSelector('#log-in');
  assert.deepEqual(complaints, []);
  await context.close();
});

test('who logs in before the details have come finds the job selected all the same', { skip, timeout: 60_000 }, async () => {
  const { page, context, complaints } = await jobs();
  await page.route('**/*?part=panel', () => {});
  for (const key of ['j', 'j', 'j']) await page.keyboard.press(key);
  const id = await page.getAttribute('.j[aria-current]', 'data-id');
  await page.click('#log-in');
  await page.waitForURL('**/login?**');
  await page.fill('input[name="email"]', 'new@example.org');
  await page.click('button:has-text("Log in")');
  await page.waitForSelector(`#panel [data-job="${id}"]`);
  assert.equal(await page.getAttribute('.j[aria-current]', 'data-id'), id);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a bug is filed for a failure line, and the job classified with it', { skip, timeout: 60_000 }, async () => {
  const { results } = await api('jobs/?result=busted&count=1');
  const id = results[0].id;
  const line = 'TEST-UNEXPECTED-FAIL | dom/tests/test_toolbar.html | the toolbar is drawn twice';
  const sent = await fetch(`${site.url}/api/project/autoland/jobs/${id}/log`, { method: 'PUT', headers: { authorization: `Bearer ${token(site)}` }, body: `one line\n${line}\nanother\n` });
  assert.equal(sent.status, 200, await sent.clone().text());
  const { page, context, complaints } = await jobs('sheriff@example.org', `&selectedJob=${id}`);
  await page.click('[data-act="file"]');
  await page.waitForSelector('dialog[open]');
  assert.deepEqual(await serious(page), []);
  assert.equal(await page.inputValue('.filer [name="summary"]'), 'Intermittent dom/tests/test_toolbar.html | the toolbar is drawn twice');
  assert.match(await page.inputValue('.filer [name="comment"]'), new RegExp(`logviewer\\?job_id=${id}&repo=autoland&lineNumber=2`));
  await page.fill('.filer [name="product"]', 'Core');
  await page.fill('.filer [name="component"]', 'Layout');
  refusal = 'There is no component named Layout.';
  await page.click('.filer button.main');
  await page.waitForSelector('.filer [role="alert"]:has-text("There is no component named Layout.")');
  refusal = '';
  await page.click('.filer button.main');
  await page.waitForSelector('.toast:has-text("Bug 1990001 is filed")');
  await shown(page, [id], true);
  const [bug] = filed;
  assert.deepEqual([bug.key, bug.product, bug.component, bug.summary, bug.priority, bug.severity], ['the-key', 'Core', 'Layout', 'Intermittent dom/tests/test_toolbar.html | the toolbar is drawn twice', 'P5', 'S4']);
  assert.deepEqual(bug.keywords, ['intermittent-failure', 'intermittent-testcase']);
  assert.match(bug.description, /^\*\*Filed by:\*\* sheriff \[at\] example\.org\n/);
  // The star is there with the classification; the bug is written by a request of its own.
  let maps = [];
  for (let tries = 0; maps.length === 0 && tries < 100; tries += 1) {
    maps = await api(`bug-job-map/?job_id=${id}`);
    if (maps.length === 0) await page.waitForTimeout(100);
  }
  assert.equal(maps[0]?.bug_id, 1990001);
  // The refusal is what the browser itself complains about.
  assert.deepEqual(complaints.filter((text) => !/400.*create_bug/.test(text)), []);
  await context.close();
});

test('an issue of ours that is seen for the third time is filed as a bug, which takes its place', { skip, timeout: 60_000 }, async () => {
  const { results } = await api('jobs/?result=busted&count=20');
  const ids = results.slice(-3).map((/** @type {{ id: number }} */ job) => job.id);
  assert.equal(ids.length, 3);
  const line = 'TEST-UNEXPECTED-FAIL | dom/tests/test_often.html | it flickers';
  const headers = { authorization: `Bearer ${token(site)}`, 'content-type': 'application/json' };
  const post = async (/** @type {string} */ path, /** @type {object} */ body) => (await fetch(`${site.url}/api/${path}/`, { method: 'POST', headers, body: JSON.stringify(body) })).json();
  const issue = await post('internal_issue', { summary: line });
  for (const job_id of ids.slice(0, 2)) await post('project/autoland/bug-job-map', { job_id, internal_id: issue.internal_id, bug_open: false });
  const sent = await fetch(`${site.url}/api/project/autoland/jobs/${ids[2]}/log`, { method: 'PUT', headers: { authorization: headers.authorization }, body: `one line\n${line}\n` });
  assert.equal(sent.status, 200);
  const { page, context, complaints } = await jobs('sheriff@example.org', `&selectedJob=${ids[2]}`);
  assert.match(page.url(), /selectedTaskRun=[\w-]{22}\.\d/);
  await page.click(`[data-act="bug"][data-internal="${issue.internal_id}"]`);
  await page.keyboard.press('Control+Enter');
  await page.waitForSelector('dialog.filer[open]');
  assert.equal(await page.inputValue('.filer [name="summary"]'), line);
  assert.match((await page.inputValue('.filer [name="comment"]')), new RegExp(`logviewer\\?job_id=${ids[2]}&`));
  await page.fill('.filer [name="product"]', 'Core');
  await page.fill('.filer [name="component"]', 'DOM');
  const before = filed.length;
  await page.click('.filer button.main');
  await page.waitForSelector('.toast:has-text("is filed")');
  assert.equal(filed[before].summary, line);
  // All occurrences are the bug's.
  const number = 1_990_001 + before;
  for (const id of ids) assert.deepEqual((await api(`bug-job-map/?job_id=${id}`)).map((/** @type {{ bug_id: number }} */ map) => map.bug_id), [number]);
  assert.deepEqual(complaints, []);
  await context.close();
});
