// @ts-check
// Changes in series of measurements: the vectors of the specification (§6.4.2).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyze, changes, linear, t, uniform } from '../../treeherder-service/static/performance/changes.js';

/** @param {number[][]} points @param {(i: number, n: number) => number} weight */
const both = (points, weight) => { const { average, variance } = analyze(points, weight); return [average, variance].map((value) => Number(value.toFixed(4))); };

test('averages and variances', () => {
  assert.deepEqual(both([[1], [2], [3], [4]], uniform), [2.5, 1.6667]);
  assert.deepEqual(both([[1], [2], [3], [4]], linear), [2, 2]);
  assert.deepEqual(both([[1, 3], [4, 4]], uniform), [3, 2]);
  assert.deepEqual(both([[2, 3], [4, 4]], linear), [3, 1]);
  assert.deepEqual([0, 1, 2, 3, 4, 5].map((i) => Number(linear(i, 5).toFixed(1))), [1, 0.8, 0.6, 0.4, 0.2, 0]);
});

test('how sure a difference is', () => {
  assert.equal(t([[0, 0]], [[1, 2]]), 3);
  assert.equal(t([[0, 0]], [[0, 0]]), 0);
  assert.equal(t([[0, 0]], [[1, 1]]), Infinity);
});

test('changes of level', () => {
  const flat = (/** @type {number} */ value, /** @type {number} */ count) => Array.from({ length: count }, () => [value]);
  assert.deepEqual(changes([...flat(0, 8), ...flat(1, 8)], { minBack: 5, maxBack: 5, fore: 5 }), [8]);
  assert.deepEqual(changes(Array.from({ length: 40 }, (_, i) => [(i < 20 ? 100 : 110) + ((7 * i) % 5)])), [20]);
  assert.deepEqual(changes(Array.from({ length: 30 }, (_, i) => [(i < 15 ? 100 : 104) + ((3 * i) % 4), (i < 15 ? 101 : 105) + ((5 * i) % 3)])), [15]);
  assert.deepEqual(changes([...flat(50, 14), ...flat(60, 11)]), [], 'too little is known after it');
  assert.deepEqual(changes([...flat(50, 14), ...flat(60, 12)]), [14]);
  assert.deepEqual(changes([]), []);
});
