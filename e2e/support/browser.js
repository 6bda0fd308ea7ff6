// @ts-check
// Debian's Chromium, driven headless, with everything that a page complains about written down.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const PATHS = [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where the browser is; nothing when there is none. */
export const executable = PATHS.find((path) => path && existsSync(path));

/** Why the tests of a file are skipped; `false` when they are not. With TREEHERDER_REQUIRE_SERVICES they fail instead. */
export function skipped() {
  if (executable) return false;
  if (process.env.TREEHERDER_REQUIRE_SERVICES) throw new Error('Chromium is missing: scripts/install-services');
  return 'Chromium is missing (scripts/install-services)';
}

/** Starts the browser. */
export const launch = () => chromium.launch({ executablePath: executable, args: FLAGS });

/**
 * Opens a page; what it complains about is collected.
 * @param {import('playwright-core').Browser} browser @param {import('playwright-core').BrowserContextOptions} [options]
 */
export async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  /** @type {string[]} */
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.text()} (${message.location().url})`);
  });
  return { context, page, complaints };
}

/**
 * Logs in as somebody where the login of development is on.
 * @param {import('playwright-core').BrowserContext} context @param {string} site @param {string} email @param {boolean} [sheriff]
 */
export async function logIn(context, site, email, sheriff = true) {
  const answer = await context.request.post(`${site}/api/auth/development-login/`, { data: { email, is_sheriff: sheriff } });
  if (!answer.ok()) throw new Error(`cannot log in: ${answer.status()} ${await answer.text()}`);
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What keeps people with disabilities from using a page. @param {import('playwright-core').Page} page @returns {Promise<string[]>} */
export async function serious(page) {
  // As a part of the page's own world it needs no exception from the policy.
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const results = await /** @type {any} */ (window).axe.run(document, { resultTypes: ['violations'] });
    return results.violations.filter((/** @type {any} */ v) => ['serious', 'critical'].includes(v.impact)).map((/** @type {any} */ v) => `${v.id}: ${v.nodes.slice(0, 3).map((/** @type {any} */ n) => `${n.html} ${n.failureSummary}`).join('\n')}`);
  });
}

/**
 * Waits until a function is true in the page. Playwright's own `waitForFunction` evaluates text in the page, which the page's
 * Content-Security-Policy forbids.
 * @template T
 * @param {import('playwright-core').Page} page @param {(arg: T) => unknown} holds @param {T} [arg] @param {number} [seconds]
 */
export async function until(page, holds, arg, seconds = 30) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    // @ts-ignore: what is handed over is what is received
    if (await page.evaluate(holds, arg)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never true: ${holds}`);
}
