// @ts-check
// The program, started for a test on a free port and a folder of its own, and ended with it.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where cargo puts programs. `TREEHERDER_PROFILE` says of which profile. */
const built = join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), process.env.TREEHERDER_PROFILE ?? 'debug');
const program = join(built, 'treeherder');
const filler = join(built, 'fill-board');

/** @typedef {{ url: string, folder: string, stop: () => Promise<void> }} Site */

/** Settings that the surroundings may have do not count. */
function environment() {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, LOGGING_LEVEL: 'info' };
}

/**
 * Starts the program and waits for the URL that it tells.
 * @param {string[]} args @param {string} folder @param {RegExp} told @param {Record<string, string>} [more]
 * @returns {Promise<Site>}
 */
async function start(args, folder, told, more = {}) {
  if (!existsSync(program)) throw new Error('the program is not built: cargo build');
  const child = spawn(program, args, { env: { ...environment(), ...more }, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  /** @type {string[]} */
  const said = [];
  const url = await new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line);
        if (said.length > 200) said.shift();
        const found = told.exec(line);
        if (found) resolve(found[1]);
      });
    }
    child.once('exit', (code) => reject(new Error(`treeherder ${args[0]} ended with ${code}:\n${said.join('\n')}`)));
  });
  return {
    url: url.replace(/\/$/, ''),
    folder,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 15000);
      await ended;
      clearTimeout(timer);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const place = () => mkdtempSync(join(tmpdir(), 'treeherder-e2e-'));

/** The demo, after its first burst: it goes on by itself. @returns {Promise<Site>} */
export async function demo() {
  const folder = place();
  return start(['demo', '--size', 'small', '--listen', '127.0.0.1:0', '--data-dir', folder], folder, /look at (http:\S+?),/);
}

/**
 * A site with made-up pushes and jobs, on which nothing happens by itself.
 * @param {number} pushes @param {number} jobs of each push @param {{ args?: string[], settings?: Record<string, string> }} [more]
 * @returns {Promise<Site>}
 */
export async function filled(pushes, jobs, { args = [], settings = {} } = {}) {
  const folder = place();
  if (pushes) execFileSync(filler, [`sqlite://${join(folder, 'treeherder.sqlite')}?mode=rwc`, String(pushes), String(jobs)], { stdio: 'ignore' });
  return start(['serve', '--listen', '127.0.0.1:0', '--data-dir', folder, ...args], folder, /url[=":]+"?(http:[^" ]+)/, { TREEHERDER_LOGGING_FORMAT: 'json', ...settings });
}

/** A token of a script for a site. @param {Site} site @returns {string} */
export function token(site) {
  const made = execFileSync(program, ['tokens', 'create', '--data-dir', site.folder, '--user', 'script@example.org', '--format', 'json'], { env: environment() });
  return JSON.parse(String(made)).token;
}

/** Sends further recorded messages to a site. @param {Site} site @param {string} file */
export function replay(site, file) {
  execFileSync(program, ['replay', '--data-dir', site.folder, file], { env: environment(), stdio: 'ignore' });
}
