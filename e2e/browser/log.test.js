// @ts-check
// The log viewer on a log of two million lines, of which it loads what is looked at.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { launch, open, serious, skipped, until } from '../support/browser.js';
import { filled, token } from '../support/program.js';

const skip = skipped();
const LINES = 2_000_000;
const FAILURES = [1_234_567, 1_600_000];
const NEEDLE = 1_777_777;

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('../support/program.js').Site} */
let site;
let job = 0;

/** A line of the log, by its number from 0. @param {number} number */
function line(number) {
  if (FAILURES.includes(number)) return `[task 2026-01-01T00:00:00.000Z] 00:00:00     INFO - TEST-UNEXPECTED-FAIL | dom/test_${number}.html | it failed here`;
  return `[task 2026-01-01T00:00:00.000Z] 00:00:00     INFO - line ${number} of a log that is long enough to be a nuisance${number === NEEDLE ? ', with a Needle' : ''}`;
}

/** The log, gzipped piece by piece. */
function log() {
  const pieces = [];
  let bytes = 0;
  for (let start = 0; start < LINES; start += 50_000) {
    const text = Array.from({ length: 50_000 }, (_, i) => line(start + i)).join('\n') + '\n';
    bytes += text.length;
    pieces.push(gzipSync(text, { level: 1 }));
  }
  assert.ok(bytes > 200e6, `${bytes} bytes are no huge log`);
  return Buffer.concat(pieces);
}

before(async () => {
  if (skip) return;
  [browser, site] = await Promise.all([launch(), filled(0, 0)]);
  const authorization = `Bearer ${token(site)}`;
  const send = async (/** @type {string} */ method, /** @type {string} */ path, /** @type {unknown} */ body) => {
    const headers = { authorization, ...(body instanceof Buffer ? {} : { 'content-type': 'application/json' }) };
    const sent = await fetch(`${site.url}/api/project/autoland/${path}`, { method, headers, body: body instanceof Buffer ? body : JSON.stringify(body) });
    assert.equal(sent.status, 200, `${path}: ${await sent.clone().text()}`);
    return sent.json();
  };
  const revision = '0123456789abcdef0123456789abcdef01234567';
  await send('POST', 'pushes/', { revision, author: 'me@example.org' });
  const [{ id }] = await send('POST', 'jobs/', [{
    taskId: 'huge-log/0', version: 1, buildSystem: 'test', jobKind: 'test', origin: { project: 'autoland', revision }, owner: 'me', reason: 'scheduled',
    display: { jobSymbol: 'h', groupSymbol: 'H', jobName: 'test-huge-log' }, labels: ['opt'],
    buildMachine: { name: 'm', platform: 'linux64', os: 'linux', architecture: 'x86_64' }, state: 'completed', result: 'fail',
  }]);
  job = id;
  const told = await send('PUT', `jobs/${job}/log`, log());
  assert.deepEqual([told.total_lines, told.failure_lines.map((/** @type {any} */ each) => each.line_number)], [LINES, FAILURES]);
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

/** @param {string} [hash] @param {import('playwright-core').BrowserContextOptions} [options] */
async function viewer(hash = '', options) {
  const opened = await open(browser, options);
  /** Addresses of lines that were asked for. @type {string[]} */
  const asked = [];
  opened.page.on('request', (request) => { if (request.url().includes('/log/lines')) asked.push(request.url()); });
  await opened.page.goto(`${site.url}/logviewer?repo=autoland&job_id=${job}${hash}`);
  await opened.page.waitForSelector('html[data-ready]');
  return { ...opened, asked };
}

/** Waits until a line, by its number from 0, is on the screen with its text. @param {import('playwright-core').Page} page @param {number} number */
const seen = (page, number) => until(page, ([number, text]) => {
  const found = document.querySelector(`[data-line="${number}"]`);
  const box = found?.parentElement?.getBoundingClientRect();
  const frame = document.querySelector('#log')?.getBoundingClientRect();
  return !!box && !!frame && box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1 && found?.nextElementSibling?.textContent === text;
}, /** @type {[number, string]} */ ([number, line(number)]));

test('it opens at its failing line and has loaded next to nothing', { skip, timeout: 120_000 }, async () => {
  const { page, context, complaints, asked } = await viewer();
  await seen(page, FAILURES[0]);
  assert.equal(new URL(page.url()).hash, `#L${FAILURES[0] + 1}`);
  assert.match((await page.textContent('#log-state')) ?? '', /2,000,000 lines, 2\d\d\.\d MB/);
  assert.ok((await page.getAttribute(`.log-line:has([data-line="${FAILURES[0]}"])`, 'class'))?.includes('failure'));
  assert.equal(await page.locator('#log-map a').count(), FAILURES.length);
  assert.ok(asked.length < 10, asked.join('\n'));
  assert.deepEqual(await serious(page), []);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a narrow screen wraps the lines, and shows what failed', { skip, timeout: 120_000 }, async () => {
  const { page, context } = await viewer('', { viewport: { width: 390, height: 844 } });
  await seen(page, FAILURES[0]);
  assert.equal(await page.getAttribute('#wrap', 'aria-pressed'), 'true');
  const box = await page.locator(`.log-line:has([data-line="${FAILURES[0]}"]) .log-text`).boundingBox();
  assert.ok(box && box.x + box.width <= 390, JSON.stringify(box));
  await page.focus('#log');
  await page.keyboard.press('End');
  await seen(page, LINES - 1);
  // The next page begins with what this one ends with: nothing is passed over.
  const whole = () => page.$$eval('#log .log-line', (lines) => {
    const frame = /** @type {HTMLElement} */ (document.querySelector('#log')).getBoundingClientRect();
    const inside = lines.filter((line) => line.getBoundingClientRect().top >= frame.top - 1 && line.getBoundingClientRect().bottom <= frame.bottom + 1);
    return inside.map((line) => Number(/** @type {HTMLElement} */ (line.querySelector('[data-line]')).dataset.line));
  });
  await page.keyboard.press('Home');
  await seen(page, 0);
  const shown = await whole();
  assert.ok(shown.length > 3 && shown.length < 25, String(shown));
  await page.keyboard.press('PageDown');
  await seen(page, shown.length);
  assert.ok((await whole())[0] <= shown.length, String(await whole()));
  await context.close();
});

test('keys go from failure to failure, and to both ends', { skip, timeout: 120_000 }, async () => {
  const { page, context, complaints } = await viewer();
  await seen(page, FAILURES[0]);
  await page.keyboard.press('n');
  await seen(page, FAILURES[1]);
  await page.keyboard.press('n');
  await seen(page, FAILURES[0]);
  await page.click(`#failures [data-failure="${FAILURES[1]}"] a`);
  await seen(page, FAILURES[1]);
  await page.focus('#log');
  await page.keyboard.press('End');
  await seen(page, LINES - 1);
  await page.keyboard.press('Home');
  await seen(page, 0);
  await page.keyboard.press('PageDown');
  await until(page, () => Number(document.querySelector('[data-line]')?.getAttribute('data-line')) > 10);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('it scrolls by wheel and by its bar', { skip, timeout: 120_000 }, async () => {
  const { page, context, complaints } = await viewer('#L1');
  await seen(page, 0);
  await page.mouse.move(700, 600);
  await page.mouse.wheel(0, 400);
  await until(page, () => Number(document.querySelector('[data-line]')?.getAttribute('data-line')) >= 15);
  await page.evaluate(() => { const box = document.querySelector('#log'); if (box) box.scrollTop = box.scrollHeight / 2; });
  await until(page, (half) => Math.abs(Number(document.querySelector('[data-line]')?.getAttribute('data-line')) - half) < half / 50, LINES / 2);
  const top = Number(await page.getAttribute('[data-line]', 'data-line'));
  await seen(page, top + 3);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a link marks its lines; a click and one with shift make such a link', { skip, timeout: 120_000 }, async () => {
  const { page, context, complaints } = await viewer('#L120-130');
  await seen(page, 119);
  const marked = () => page.$$eval('.log-line.marked [data-line]', (all) => all.map((each) => Number(each.getAttribute('data-line')) + 1));
  assert.deepEqual(await marked(), [120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 130]);
  await page.click('[data-line="121"]');
  await page.click('[data-line="124"]', { modifiers: ['Shift'] });
  await until(page, () => location.hash === '#L122-125');
  await until(page, () => document.querySelectorAll('.log-line.marked').length === 4);
  assert.deepEqual(await marked(), [122, 123, 124, 125]);
  // Links of old have the lines among the parameters.
  await page.goto(`${site.url}/logviewer?repo=autoland&job_id=${job}&lineNumber=50-52`);
  await page.waitForSelector('html[data-ready]');
  await seen(page, 49);
  assert.deepEqual(await marked(), [50, 51, 52]);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('search finds a line far away, whatever its case, and says when there is none', { skip, timeout: 180_000 }, async () => {
  const { page, context, complaints } = await viewer();
  await seen(page, FAILURES[0]);
  await page.keyboard.press('/');
  await page.keyboard.type('with a needle');
  await until(page, (number) => location.hash === `#L${number + 1}`, NEEDLE, 120);
  await seen(page, NEEDLE);
  assert.match((await page.textContent('#search-state')) ?? '', new RegExp(`line ${(NEEDLE + 1).toLocaleString('en-US')}`));
  await page.fill('#log-search', 'nothing like this');
  await until(page, () => document.querySelector('#search-state')?.textContent === 'not found', undefined, 120);
  assert.deepEqual(complaints, []);
  await context.close();
});
