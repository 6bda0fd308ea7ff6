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

test('lines that say nothing are hidden when another one says something', () => {
  const generic = 'dom/test_a.js | xpcshell return code: 1';
  assert.deepEqual(enrich.needless([generic, 'TEST-UNEXPECTED-FAIL | a | b']), [true, false]);
  assert.deepEqual(enrich.needless([generic, '[taskcluster:error] exit status 1']), [false, false]);
});
