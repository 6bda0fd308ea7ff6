// @ts-check
// How fast the jobs page is with 10 pushes of 500 jobs, in a browser that has never been here: `scripts/bench-web`.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { cpus } from 'node:os';
import { launch, open, until } from './support/browser.js';
import { demo, filled } from './support/program.js';

/** Visits of which the opening is timed; the first few go on to scroll and to filter, which takes long and varies little. */
const RUNS = 15;
const LONG_RUNS = 5;

/** Groups as they are first, and with all of their jobs. */
const LOOKS = [['', ''], [' expanded', '&group_state=expanded']];

/** @param {number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const [browser, site] = await Promise.all([launch(), filled(10, 500)]);
/** What this browser on this machine needs for any page: one with a line of text and a style. */
const bare = createServer(({ url }, response) => {
  const isStyle = url === '/style.css';
  response.setHeader('content-type', isStyle ? 'text/css' : 'text/html; charset=utf-8');
  response.end(isStyle ? 'p { color: green }' : '<!doctype html><html lang="en"><title>bare</title><link rel="stylesheet" href="/style.css"><p>A line of text.</p></html>');
});
await new Promise((resolve) => bare.listen(0, '127.0.0.1', () => resolve(undefined)));
/** The demo would work on its logs while pages are measured: it comes later. @type {import('./support/program.js').Site | undefined} */
let living;
/** @type {Record<string, number[]>} */
const figures = {};
const version = browser.version();
const note = (/** @type {string} */ name, /** @type {number} */ value) => (figures[name] ??= []).push(value);

/**
 * Opens an address and returns what the page tells of itself with `console.debug('shown', …)`. Whoever asks a page instead has the
 * browser compile a script of a quarter of a megabyte in it, just while it draws.
 * @param {import('playwright-core').Page} page @param {string} url @returns {Promise<number[]>}
 */
async function shown(page, url) {
  const told = page.waitForEvent('console', (message) => message.text().startsWith('shown '));
  await page.goto(url, { waitUntil: 'commit' });
  return (await told).text().split(' ').slice(1).map(Number);
}

/** The visit before has ended, with all that the browser does behind it. */
const rest = () => new Promise((resolve) => setTimeout(resolve, 300));

/**
 * Opens an address and returns the kilobytes that came, and those of them that are script once unpacked. This is not done where time is
 * taken: each piece that comes would be told to us.
 * @param {string} url
 */
async function sizes(url) {
  const { page, context } = await open(browser);
  const client = await context.newCDPSession(page);
  await client.send('Network.enable');
  let transferred = 0;
  let script = 0;
  /** @type {Map<string, string>} */
  const types = new Map();
  client.on('Network.responseReceived', (event) => types.set(event.requestId, event.type));
  client.on('Network.dataReceived', (event) => { if (types.get(event.requestId) === 'Script') script += event.dataLength; });
  client.on('Network.loadingFinished', (event) => { if (types.get(event.requestId) !== 'EventSource') transferred += event.encodedDataLength; });
  await page.goto(url);
  await page.waitForSelector('html[data-ready] #pushes:not([aria-busy="true"])');
  await rest();
  await context.close();
  return [transferred / 1000, script / 1000];
}

/** Frames each second while something is done. @param {import('playwright-core').Page} page @param {() => Promise<unknown>} act */
async function frames(page, act) {
  await page.evaluate(() => {
    const w = /** @type {any} */ (window);
    w.frames_seen = [];
    const count = (/** @type {number} */ time) => { w.frames_seen.push(time); w.frame_request = requestAnimationFrame(count); };
    w.frame_request = requestAnimationFrame(count);
  });
  await act();
  return page.evaluate(() => {
    const w = /** @type {any} */ (window);
    cancelAnimationFrame(w.frame_request);
    const times = w.frames_seen;
    return ((times.length - 1) * 1000) / (times.at(-1) - times[0]);
  });
}

try {
  // The first answer of a process opens its database.
  await (await fetch(`${site.url}/jobs?repo=autoland`)).text();
  for (const [name, query] of LOOKS) {
    const [transferred = NaN, script = NaN] = await sizes(`${site.url}/jobs?repo=autoland${query}`);
    note(`transferred${name}, kB`, transferred);
    if (!name) note('script, kB', script);
  }
  for (let run = 0; run < RUNS; run++) {
    for (const [name, query] of LOOKS) {
      await rest();
      // A context of its own has no cache.
      const { page, context } = await open(browser);
      await page.addInitScript(() => {
        const w = /** @type {any} */ (window);
        const tell = () => { if (w.first_job && w.all_drawn) console.debug('shown', w.first_job, w.all_drawn); };
        new PerformanceObserver((list) => { w.first_job ??= list.getEntries()[0]?.startTime; tell(); }).observe({ type: 'element', buffered: true });
        new MutationObserver((_, observer) => {
          const job = document.querySelector('.j');
          if (!job) return;
          observer.disconnect();
          // The browser notes when it paints this.
          job.setAttribute('elementtiming', 'job');
        }).observe(document, { childList: true, subtree: true });
        new MutationObserver((_, observer) => {
          if (!document.documentElement.hasAttribute('data-ready') || document.querySelector('#pushes')?.getAttribute('aria-busy') === 'true') return;
          observer.disconnect();
          requestAnimationFrame(() => setTimeout(() => { w.all_drawn = performance.now(); tell(); }));
        }).observe(document, { attributes: true, subtree: true });
      });
      const [first = NaN, all = NaN] = await shown(page, `${site.url}/jobs?repo=autoland${query}`);
      note(`first job visible${name}, s`, first / 1000);
      note(`all drawn and alive${name}, s`, all / 1000);
      if (name && run < LONG_RUNS) {
        note('scrolling 5,000 jobs, frames a second', await frames(page, async () => {
          for (let i = 0; i < 60; i++) {
            await page.mouse.wheel(0, i < 30 ? 200 : -200);
            await page.evaluate(() => new Promise(requestAnimationFrame));
          }
        }));
        note('filtering 5,000 jobs, frames a second', await frames(page, async () => {
          await page.keyboard.press('f');
          for (const text of ['l', 'i', 'n', 'u', 'x', ' ', 'b', 'c']) {
            await page.keyboard.type(text);
            await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 120)));
          }
        }));
      }
      await context.close();
    }
    await rest();
    const { page: other, context: elsewhere } = await open(browser);
    await other.addInitScript(() => {
      new PerformanceObserver((list) => { console.debug('shown', list.getEntriesByName('first-contentful-paint')[0]?.startTime); }).observe({ type: 'paint', buffered: true });
    });
    const [text = NaN] = await shown(other, `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (bare.address()).port}/`);
    note('beside it: the first text of a page of one line, s', text / 1000);
    await elsewhere.close();
  }
  // How long after it is stored a change of a job is on the page; both clocks are this machine's.
  living = await demo();
  const { url } = living;
  const { page, context } = await open(browser);
  await page.goto(`${url}/jobs?repo=autoland&group_state=expanded`);
  await page.waitForSelector('html[data-ready]');
  await page.evaluate(() => {
    const w = /** @type {any} */ (window);
    w.changes = [];
    new MutationObserver(() => {
      for (const job of document.querySelectorAll('.j.changed:not([data-noted])')) {
        job.setAttribute('data-noted', '');
        w.changes.push([job.getAttribute('data-id'), Date.now()]);
      }
    }).observe(document.body, { childList: true, subtree: true });
  });
  await until(page, () => /** @type {any} */ (window).changes.length >= 8, undefined, 120);
  for (const [id, seen] of await page.evaluate(() => /** @type {any} */ (window).changes)) {
    const { results, job_property_names: names } = await (await fetch(`${url}/api/jobs/?id=${id}`)).json();
    const stored = Date.parse(`${results[0][names.indexOf('last_modified')]}Z`);
    // A job that has changed once more meanwhile says nothing about the change that was seen.
    if (seen >= stored) note('change of a job, stored to shown, s', (seen - stored) / 1000);
  }
  await context.close();
} finally {
  await browser.close();
  bare.close();
  await Promise.all([site.stop(), living?.stop()]);
}

/** What is to be reached: at most, or at least. @type {Record<string, ['<' | '>', number]>} */
const GOALS = {
  'first job visible, s': ['<', 0.25], 'all drawn and alive, s': ['<', 0.6], 'transferred, kB': ['<', 150], 'script, kB': ['<', 60],
  'change of a job, stored to shown, s': ['<', 0.5], 'scrolling 5,000 jobs, frames a second': ['>', 50], 'filtering 5,000 jobs, frames a second': ['>', 50],
};
const written = (/** @type {number} */ value) => (value >= 20 ? value.toFixed(0) : value.toFixed(2));
const rows = Object.entries(figures).map(([name, values]) => {
  const goal = GOALS[name];
  return `| ${name} | ${written(median(values))} | ${written(Math.min(...values))} – ${written(Math.max(...values))} | ${goal ? `${goal[0] === '<' ? 'below' : 'above'} ${goal[1]}` : ''} |`;
});
const table = [
  `| the jobs page, 10 pushes × 500 jobs | median | from – to | goal |`, '|---|---:|---:|---|', ...rows, '',
  `Medians of ${RUNS} visits, of ${LONG_RUNS} for scrolling and filtering; bytes are those of one. In Chromium ${version}, with an empty cache each time, on ${cpus().length} × ${cpus()[0]?.model.trim()}.`,
].join('\n');
console.log(table);
if (process.argv.includes('--write')) {
  const readme = new URL('../README.md', import.meta.url);
  const text = readFileSync(readme, 'utf8');
  const place = /(<!-- bench:web -->\n)[\s\S]*?(<!-- \/bench:web -->)/;
  if (!place.test(text)) throw new Error('README.md has no markers `bench:web`');
  writeFileSync(readme, text.replace(place, (_, begin, end) => `${begin}${table}\n${end}`));
}
