// @ts-check
// The rules of the log viewer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { level, lineHtml } from '../../treeherder-service/static/log/ansi.js';
import { Lines } from '../../treeherder-service/static/log/lines.js';
import { readRange, writeRange } from '../../treeherder-service/static/log/range.js';

test('marked lines are read from links of today and of old', () => {
  assert.deepEqual(readRange('#L120-130', ''), { first: 119, last: 129 });
  assert.deepEqual(readRange('#L7', '?lineNumber=3'), { first: 6, last: 6 });
  assert.deepEqual(readRange('', '?job_id=1&lineNumber=30-20'), { first: 19, last: 29 });
  assert.deepEqual(readRange('#L0', ''), { first: 0, last: 0 });
  assert.equal(readRange('#other', '?lineNumber=x'), null);
  assert.equal(writeRange({ first: 119, last: 129 }), '#L120-130');
  assert.equal(writeRange({ first: 0, last: 0 }), '#L1');
});

test('colours of terminals become classes, and nothing in a log gets into the page', () => {
  assert.equal(lineHtml('a \x1b[1;31mred\x1b[0m <b>'), 'a <span class="a-bold a-f1">red</span> &lt;b&gt;');
  assert.equal(lineHtml('\x1b[38;5;200mpink\x1b[39m \x1b[94mblue'), 'pink <span class="a-f4">blue</span>'.replace('pink ', 'pink ').replace(' <', ' <'));
  assert.equal(lineHtml('\x1b[Kplain'), 'plain');
  assert.equal(lineHtml('see https://example.org/a?b=1&c=2.'), 'see <a href="https://example.org/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer">https://example.org/a?b=1&amp;c=2</a>.');
  assert.ok(!lineHtml('https://x.org/"onmouseover=alert(1)').includes('"onmouseover'));
});

test('levels', () => {
  assert.equal(level('10:00:00 ERROR - x'), 'error');
  assert.equal(level('TEST-UNEXPECTED-FAIL | a | b'), 'error');
  assert.equal(level('10:00:00 WARNING - x'), 'warning');
  assert.equal(level('NOERRORS'), '');
});

test('a text is found forwards, backwards and around the end', async () => {
  const all = Array.from({ length: 12000 }, (_, i) => `line ${i}`);
  all[11999] = 'Needle';
  all[3] = 'needle';
  const lines = new Lines('');
  lines.total = all.length;
  // As the server does, a part of the log for each request.
  let asked = 0;
  lines.look = async (text, start, backwards, exact) => {
    asked++;
    const fits = (/** @type {number} */ at) => (exact ? all[at] : all[at].toLowerCase()).includes(text);
    const end = backwards ? Math.max(-1, start - 5000) : Math.min(all.length, start + 5000);
    for (let at = start; at !== end; at += backwards ? -1 : 1) if (fits(at)) return { line_number: at, next: null };
    return { line_number: null, next: end === -1 || end === all.length ? null : end };
  };
  const find = (/** @type {number} */ from, /** @type {1 | -1} */ step, exact = false) => lines.find('needle', from, step, exact, new AbortController().signal, () => {});
  const nowhere = () => lines.find('nowhere', 50, 1, false, new AbortController().signal, () => {});
  assert.equal(await find(0, 1), 3);
  assert.equal(await find(4, 1), 11999);
  assert.equal(await find(4, 1, true), 3);
  assert.equal(await find(2, -1), 11999);
  assert.equal(await find(11998, -1), 3);
  asked = 0;
  assert.equal(await nowhere(), -1);
  assert.equal(asked, 4, 'to the end, and once around');
  // A log that is still written is here, and nobody is asked.
  lines.append(0, all);
  asked = 0;
  assert.deepEqual([await find(4, 1), await find(2, -1), await find(4, 1, true), await nowhere(), asked], [11999, 11999, 3, -1, 0]);
});

test('lines are asked for once and forgotten when there are too many', async () => {
  const lines = new Lines('');
  lines.total = 1_000_000;
  let asked = 0;
  lines.fetch = async (start, count) => { asked++; return Array.from({ length: count }, (_, i) => String(start + i)); };
  await Promise.all([lines.want(0, 499), lines.want(10, 20)]);
  assert.equal(asked, 1);
  assert.equal(lines.get(499), '499');
  for (let at = 500; at < 60_000; at += 500) await lines.want(at, at);
  assert.equal(lines.get(0), undefined);
  assert.ok(lines.pages.size <= 80);
});

test('lines that come live are kept and counted', () => {
  const lines = new Lines('');
  lines.append(0, ['a', 'b']);
  lines.append(2, ['c']);
  assert.deepEqual([lines.total, lines.get(2), lines.slice(0, 10)], [3, 'c', ['a', 'b', 'c']]);
});
