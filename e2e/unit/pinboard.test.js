// @ts-check
// What the pinboard accepts.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';

/** @type {typeof import('../../treeherder-service/static/jobs/pinboard.js')} */
let pinboard;
/** @type {typeof import('../../treeherder-service/static/page.js')} */
let page;

before(async () => {
  // The module's imports look at the page when they are loaded; here there is none.
  const nothing = { querySelector: () => null, querySelectorAll: () => [], addEventListener: () => {} };
  Object.assign(globalThis, { document: { ...nothing, documentElement: { dataset: {} }, body: { dataset: {} }, cookie: '' }, location: { pathname: '/', search: '', hash: '' } });
  pinboard = await import('../../treeherder-service/static/jobs/pinboard.js');
  page = await import('../../treeherder-service/static/page.js');
});

test('bugs are numbers, ours begin with i', () => {
  assert.deepEqual(pinboard.readBug('1900001'), { id: 1900001, internal: null });
  assert.deepEqual(pinboard.readBug('i77'), { id: null, internal: 77 });
  assert.deepEqual(pinboard.readBug('Bug 1900001'), { id: 1900001, internal: null });
  assert.deepEqual(pinboard.readBug('https://bugzilla.mozilla.org/show_bug.cgi?id=1900001'), { id: 1900001, internal: null });
  for (const text of ['', 'x', '0', 'i', '12345678901', '12a']) assert.equal(pinboard.readBug(text), null, text);
});

test('what is missing is told', () => {
  const usual = { jobs: 1, bugs: 0, classification: 4, comment: '', free: false };
  assert.match(pinboard.problem({ ...usual, jobs: 0 }), /Pin/);
  assert.match(pinboard.problem(usual), /bug or a comment/);
  assert.equal(pinboard.problem({ ...usual, bugs: 1 }), '');
  assert.equal(pinboard.problem({ ...usual, comment: 'known' }), '');
  assert.equal(pinboard.problem({ ...usual, free: true }), '');
  assert.match(pinboard.problem({ ...usual, classification: 2, comment: '1234567' }), /commit/);
  assert.equal(pinboard.problem({ ...usual, classification: 2, comment: '12345678' }), '');
  assert.equal(pinboard.problem({ ...usual, classification: 5 }), '');
});

test('an issue of ours wants a bug once it is seen three times', () => {
  const issue = { job: 7, text: 'TEST-UNEXPECTED-FAIL | a | b' };
  const bug = (/** @type {string} */ seen) => ({ id: null, internal: 77, issue: { ...issue, seen } });
  const [twice, once, often] = [bug('2'), bug('1'), bug('9')];
  assert.equal(pinboard.wanting([twice], new Map([[7, [twice]]])), twice.issue);
  assert.equal(pinboard.wanting([once], new Map([[7, [once]]])), undefined);
  assert.equal(pinboard.wanting([once], new Map([[7, [once]], [8, [once]]])), once.issue);
  assert.equal(pinboard.wanting([twice], new Map([[7, []]])), undefined, 'the job was one of its occurrences before');
  assert.equal(pinboard.wanting([often], new Map()), undefined, 'nothing was classified');
  assert.equal(pinboard.wanting([{ id: 1900001, internal: null, issue: { ...issue, seen: '9' } }], new Map([[7, []]])), undefined);
});

test('old links have behind the # what belongs before it', () => {
  for (const [pathname, hash, place] of [
    ['/jobs', '#/jobs?repo=try&revision=abc', '/jobs?repo=try&revision=abc'],
    ['/jobs', '#?repo=try', '/jobs?repo=try'],
    ['/jobs', '#/?repo=try', '/jobs?repo=try'],
    ['/logviewer', '#?job_id=1&repo=try&lineNumber=5', '/logviewer?job_id=1&repo=try&lineNumber=5'],
    ['/performance', '#/graphs?series=autoland,1,1,2', '/performance/graphs?series=autoland,1,1,2'],
    ['/intermittent-failures', '#/bugdetails?bug=1', '/intermittent-failures/bugdetails?bug=1'],
    ['/logviewer', '#L120-130', ''],
    ['/jobs', '', ''],
    ['/jobs', '#//evil.example?a=b', ''],
    ['/jobs', '#/jobs', ''],
  ]) assert.equal(page.unhashed({ pathname, hash }), place, hash);
});

test('commits are recognised when they are pasted', () => {
  assert.ok(pinboard.hasCommit('https://hg.mozilla.org/integration/autoland/rev/0123456789ab'));
  assert.ok(pinboard.hasCommit('0123456789abcdef0123456789abcdef01234567'));
  assert.ok(!pinboard.hasCommit('0123456'));
});
