// @ts-check
// What a bug is proposed to say.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';

/** @type {typeof import('../../treeherder-service/static/jobs/filer.js')} */
let filer;
/** @type {typeof import('../../treeherder-service/static/jobs/enrich.js')} */
let enrich;

before(async () => {
  // The modules' imports look at the page when they are loaded; here there is none.
  const nothing = { querySelector: () => null, querySelectorAll: () => [], addEventListener: () => {} };
  Object.assign(globalThis, { document: { ...nothing, documentElement: { dataset: {} }, body: { dataset: {} }, cookie: '' }, location: { pathname: '/', search: '', hash: '' } });
  filer = await import('../../treeherder-service/static/jobs/filer.js');
  enrich = await import('../../treeherder-service/static/jobs/enrich.js');
});

test('the summary is the test and what it says', () => {
  assert.equal(filer.summaryOf('TEST-UNEXPECTED-FAIL | dom/test_a.html | boom'), 'Intermittent dom/test_a.html | boom');
  assert.equal(filer.summaryOf('PROCESS-CRASH | application crashed [@ f] | dom/test_a.html'), 'Intermittent application crashed [@ f] | dom/test_a.html');
  assert.equal(filer.summaryOf('dom/test_a.html | boom'), 'Intermittent dom/test_a.html | boom');
  assert.equal(filer.summaryOf('something broke'), 'Intermittent something broke');
  assert.equal(filer.summaryOf('x'.repeat(500)).length, 255);
});

test('crashes and what may be a security issue are not given a low priority by us', () => {
  assert.deepEqual(filer.traits('a | b', 'a'), { security: false, keywords: ['intermittent-failure', 'intermittent-testcase'], priority: 'P5', severity: 'S4' });
  assert.deepEqual(filer.traits('PROCESS-CRASH | application crashed', 'a').keywords, ['intermittent-failure', 'crash']);
  assert.equal(filer.traits('PROCESS-CRASH | application crashed', '').priority, '--');
  const issue = filer.traits('ERROR: AddressSanitizer: heap-use-after-free on address', '');
  assert.deepEqual([issue.security, issue.severity], [true, '--']);
  assert.ok(filer.traits('Assertion failure: false', '').keywords.includes('assertion'));
});

test('numbers of bugs are read, whatever stands between them', () => {
  assert.deepEqual(filer.numbers('1, 22 333,x'), [1, 22, 333]);
});

/** @param {object} bug */
const html = (bug) => enrich.bugsHtml({ search: 'a | "b" | c', path_end: 'dom/b', line_number: 11, counter: 0, failure_new_in_rev: false, bugs: { open_recent: [{ id: 5, internal_id: 77, summary: 'S', resolution: '', dupe_of: null, occurrences: null, ...bug }], all_others: [] } });

test('a duplicate stands for the bug that it is a duplicate of', () => {
  assert.match(html({}), /data-act="bug" data-bug="5"/);
  const duplicate = html({ dupe_of: 9 });
  assert.match(duplicate, /data-act="bug" data-bug="9"[^>]* aria-label="Pin the job and bug 9, of which 5 is a duplicate"/);
  assert.match(duplicate, />5<\/a> S <span class="quiet">a duplicate of <a [^>]*>9<\/a>/);
});

test('an issue of ours that is seen often asks for a bug with its summary', () => {
  assert.doesNotMatch(html({ id: null, occurrences: 2 }), /data-act="file"/);
  assert.match(html({ id: null, occurrences: 3 }), /data-act="file" data-internal="77" data-seen="3" data-summary="S" data-text="a \| &quot;b&quot; \| c" data-path="dom\/b" data-line="12"/);
  assert.doesNotMatch(html({ occurrences: 3 }), /data-act="file"/);
});

test('lines that say nothing are hidden when another one says something', () => {
  const generic = 'dom/test_a.js | xpcshell return code: 1';
  assert.deepEqual(enrich.needless([generic, 'TEST-UNEXPECTED-FAIL | a | b']), [true, false]);
  assert.deepEqual(enrich.needless([generic, '[taskcluster:error] exit status 1']), [false, false]);
});
