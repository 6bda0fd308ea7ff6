// @ts-check
// The rules of the jobs page, without a browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Filter, list, setStatuses } from '../../treeherder-service/static/jobs/filter.js';
import { layOut } from '../../treeherder-service/static/jobs/layout.js';
import { Model, padded, progress } from '../../treeherder-service/static/jobs/model.js';
import { SETTLED, news, watched } from '../../treeherder-service/static/jobs/watch.js';
import { classes, hint, rowsHtml, spoken } from '../../treeherder-service/static/jobs/render.js';

/**
 * Data of one push as the server writes it.
 * @param {string} status @param {string} [classes]
 */
function data(status, classes = '1'.repeat(status.length)) {
  const count = status.length;
  return {
    repo: 'autoland', now: 1000, cursor: '2026-01-01T00:00:00.000000',
    pushes: [{ id: 1, revision: 'a'.repeat(40), author: 'ada@example.org', time: 500 }],
    rows: /** @type {[string, string, number][]} */ ([['Linux 18.04 debug', 'linux1804-64-qr', 405], ['Linting', 'lint', 9001]]),
    groups: /** @type {[string, string][]} */ ([['M', 'Mochitests'], ['?', 'unknown']]),
    kinds: /** @type {[number, number, string, string, number][]} */ ([
      [0, 0, 'bc10', 'test-linux/debug-mochitest-browser-10', 1],
      [0, 0, 'bc2', 'test-linux/debug-mochitest-browser-2', 1],
      [0, 0, '5', 'mochitest-5', 1],
      [1, 1, 'ES', 'source-test-eslint', 1],
      [0, 0, 'x', 'hidden', 3],
    ]),
    jobs: [{ push: 1, ids: Array.from({ length: count }, (_, i) => (i ? 1 : 100)), kinds: Array.from({ length: count }, (_, i) => i % 5), status, classes, minutes: Array(count).fill(7) }],
  };
}

/** @param {string} query */
const filter = (query) => new Filter(new URLSearchParams(query));

/** @param {Model} model @param {string} [query] @param {{ expanded?: boolean, duplicates?: boolean, open?: Set<string> }} [style] */
function laid(model, query = '', style = {}) {
  const chosen = filter(query);
  return layOut(model.jobs.get(1)?.values() ?? [], (job) => chosen.matches(job), { expanded: false, duplicates: false, open: new Set(), ...style });
}

test('ids are differences, and a second telling changes nothing', () => {
  const model = new Model();
  assert.equal(model.merge(data('tssss')).changed.length, 5);
  assert.deepEqual([...(model.jobs.get(1)?.keys() ?? [])], [100, 101, 102, 103, 104]);
  const again = model.merge(data('tssss'));
  assert.deepEqual(again, { arrived: [], changed: [] });
  const later = model.merge(data('bssss'));
  assert.deepEqual(later.changed.map((job) => [job.id, job.status]), [[100, 'b']]);
});

test('failures are shown one by one, the rest is counted, and one job is shown as itself', () => {
  const model = new Model();
  model.merge(data('tsssp'.repeat(2)));
  const [linux, lint] = laid(model);
  assert.equal(linux.title, 'Linux 18.04 debug');
  assert.deepEqual(linux.groups[0].jobs.map((job) => job.kind.symbol), ['bc10', 'bc10']);
  assert.deepEqual(linux.groups[0].counts, [['s', 4]]);
  assert.equal(lint.groups[0].symbol, null);
  assert.equal(lint.groups[0].jobs.length, 2, 'jobs without a group are never counted');
  const single = new Model();
  single.merge(data('ts'));
  assert.deepEqual(laid(single)[0].groups[0].jobs.map((job) => job.status), ['s', 't']);
});

test('expanded, opened and repeated jobs are shown', () => {
  const model = new Model();
  model.merge(data('sssss'.repeat(2)));
  assert.equal(laid(model)[0].groups[0].jobs.length, 0);
  assert.equal(laid(model, '', { expanded: true })[0].groups[0].jobs.length, 6);
  const { key } = laid(model)[0].groups[0];
  assert.equal(laid(model, '', { open: new Set([key]) })[0].groups[0].jobs.length, 6);
  assert.equal(laid(model, '', { duplicates: true })[0].groups[0].jobs.length, 6);
  assert.deepEqual(laid(model, '', { expanded: true })[0].groups[0].jobs.map((job) => job.kind.symbol), ['5', '5', 'bc2', 'bc2', 'bc10', 'bc10']);
});

test('tier 3 is hidden until asked for, and its group says so', () => {
  const model = new Model();
  model.merge(data('sssst'));
  assert.ok(!laid(model).some((row) => row.groups.some((group) => group.tier === 3)));
  const rows = laid(model, 'tier=3');
  assert.equal(rows.length, 1);
  assert.match(rowsHtml('autoland', rows), /\[tier 3\]/);
});

test('words, fields and lists in every form of old links', () => {
  const model = new Model();
  model.merge(data('tssss'));
  const shown = (/** @type {string} */ query) => [...model.all()].filter((job) => filter(query).matches(job)).map((job) => job.kind.symbol);
  assert.deepEqual(shown('searchStr=linux+MOCHITESTS+bc2'), ['bc2']);
  assert.deepEqual(shown('searchStr=browser-2'), [], 'the chunk is no part of the text');
  assert.deepEqual(shown('filter-job_type_symbol=bc2,es'), ['bc2', 'ES']);
  assert.deepEqual(shown('platform=lint&platform=windows'), ['ES']);
  assert.deepEqual(shown('resultStatus=testfailed,busted'), ['bc10']);
  assert.deepEqual(shown('classifiedState=classified'), []);
  assert.deepEqual(list(new URLSearchParams('tier=1,2&tier=3&filter-tier=4 5'), 'tier'), ['1', '2', '3', '4', '5']);
});

test('jobs of which the server says that they have run other tests are hidden', () => {
  const model = new Model();
  model.merge({ ...data('ts'), elsewhere: [101] });
  const shown = () => [...model.all()].filter((job) => filter('').matches(job)).map((job) => job.id);
  assert.deepEqual(shown(), [100]);
  model.merge(data('ts'));
  assert.deepEqual(shown(), [100, 101]);
});

test('the usual statuses are left out of the URL', () => {
  const params = new URLSearchParams('resultStatus=busted');
  setStatuses(params, new Set(['t', 'b', 'e', 's', 'r', 'u', 'g', 'p']));
  assert.equal(params.toString(), '');
  setStatuses(params, new Set(['t', 'n']));
  assert.equal(params.get('resultStatus'), 'testfailed,unscheduled');
});

test('what a screen reader says, and nothing in a name gets into the page', () => {
  const model = new Model();
  const hostile = data('t', '4');
  hostile.kinds[0][2] = '<i>"';
  model.merge(hostile);
  const [job] = model.all();
  assert.equal(spoken(job), 'test failed: test-linux/debug-mochitest-browser-10, Linux 18.04 debug, classified');
  assert.equal(classes(job), 'j s-t star');
  const html = rowsHtml('a"b', laid(model));
  assert.ok(!html.includes('<i>') && html.includes('&lt;i&gt;&quot;') && html.includes('/jobs/a%22b/100'));
});

test('running jobs count on', () => {
  const model = new Model();
  model.merge(data('gs'));
  const [running, done] = model.all();
  assert.match(hint(running, 1000 + 300), /running - 12 mins$/);
  assert.match(hint(done, 1000 + 300), /success - 7 mins$/);
});

test('progress counts what somebody must look at', () => {
  const model = new Model();
  model.merge(data('tbsgt', '12111'));
  assert.deepEqual(progress(model.all()), { completed: 3, running: 1, unfinished: 1, failed: 1, fixed: 1, percent: 75 });
});

test('numbers in symbols count as numbers', () => {
  assert.deepEqual(['bc10', 'bc2', 'B'].sort((a, b) => (padded(a) < padded(b) ? -1 : 1)), ['B', 'bc2', 'bc10']);
});

test('of a push that is waited for, further failures and the end are told', () => {
  const of = (/** @type {number} */ failed, /** @type {number} */ unfinished) => ({ failed, unfinished });
  const told = (/** @type {import('../../treeherder-service/static/jobs/watch.js').Told} */ before, /** @type {ReturnType<typeof of>} */ now) => news(before, now, 1_000_000);
  assert.deepEqual(told(of(0, 5), of(0, 3)), { text: '', told: of(0, 3) });
  assert.equal(told(of(0, 5), of(1, 4)).text, 'has 1 unclassified failure');
  assert.equal(told(of(2, 5), of(1, 4)).text, '');
  assert.deepEqual(told(of(0, 0), of(0, 0)), { text: '', told: of(0, 0) });
});

test('the end of a push is told once no further jobs have come for a while', () => {
  const of = (/** @type {number} */ failed, /** @type {number} */ unfinished) => ({ failed, unfinished });
  const ending = news(of(1, 5), of(3, 0), 1_000_000);
  assert.deepEqual(ending, { text: '', told: { ...of(1, 0), ended: 1_000_000 } });
  const told = ending.told ?? of(0, 0);
  assert.deepEqual(news(told, of(3, 0), 1_000_000 + SETTLED - 1), ending);
  assert.deepEqual(news(told, of(3, 0), 1_000_000 + SETTLED), { text: 'is done: 3 unclassified failures', told: null });
  assert.equal(news(told, of(0, 0), 1_000_000 + SETTLED).text, 'is done: no unclassified failure');
  assert.deepEqual(news(told, of(3, 8), 1_000_000 + SETTLED), { text: 'has 3 unclassified failures', told: of(3, 8) }, 'it went on');
});

test('a job that is not scheduled yet is to be waited for, and does not count as in progress', () => {
  const model = new Model();
  model.merge(data('sns'));
  const { percent, running, unfinished } = progress(model.jobs.get(1)?.values() ?? []);
  assert.deepEqual({ percent, running, unfinished }, { percent: 100, running: 0, unfinished: 1 });
});

test('damaged memory of pushes that are waited for is forgotten', () => {
  assert.deepEqual([...watched('[["9",{"failed":1,"unfinished":2}],["10",{"failed":0,"unfinished":1}]]').keys()], ['9', '10']);
  for (const text of [null, '', '{', 'null', '{"9":{"failed":1,"running":2}}', '7', '[7]', '[["9",null]]', '[["9",{"failed":"1"}]]']) assert.equal(watched(text).size, 0, String(text));
});
