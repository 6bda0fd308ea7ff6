// @ts-check
// Where a series of measurements changes its level (`spec/api.md` §6.4.2): each point is compared with those before it by a t-test.

const MIN_BACK = 12;
const MAX_BACK = 24;
const FORE = 12;
const T_THRESHOLD = 7;

/** The weight of all points alike. */
export const uniform = () => 1;

/** Points weigh less the farther they are. @param {number} i @param {number} n */
export const linear = (i, n) => (i >= n ? 0 : (n - i) / n);

/**
 * Average and variance of the values of some points, the nearest first.
 * @param {number[][]} points @param {(i: number, n: number) => number} weight
 */
export function analyze(points, weight) {
  let sum = 0;
  let weights = 0;
  points.forEach((values, i) => {
    const w = weight(i, points.length);
    sum += w * values.reduce((a, b) => a + b, 0);
    weights += w * values.length;
  });
  const average = points.length ? sum / weights : 0;
  const values = points.flat();
  const variance = values.length > 1 ? values.reduce((sum, value) => sum + (value - average) ** 2, 0) / (values.length - 1) : 0;
  return { average, variance, count: values.length };
}

/** How sure it is that two stretches have different levels. @param {number[][]} before @param {number[][]} after */
export function t(before, after) {
  const [a, b] = [analyze(before, linear), analyze(after, linear)];
  const difference = b.average - a.average;
  if (!a.count || !b.count || difference === 0) return 0;
  if (a.variance === 0 && b.variance === 0) return Infinity;
  return difference / Math.sqrt(a.variance / a.count + b.variance / b.count);
}

/**
 * Finds the points at which the level changes.
 * @param {number[][]} points the values of each push, the oldest first
 * @param {{ minBack?: number, maxBack?: number, fore?: number }} [windows]
 * @returns {number[]} places
 */
export function changes(points, { minBack = MIN_BACK, maxBack = MAX_BACK, fore = FORE } = {}) {
  const known = [{ t: 0, back: 0, forward: 0 }];
  let quiet = 0;
  for (let i = 1; i < points.length; i++) {
    const before = [];
    let back = 0;
    for (let j = i - 1; j >= 0 && back < maxBack && i - j <= Math.min(Math.max(quiet, minBack), maxBack); j--) {
      before.push(points[j]);
      back += points[j].length;
    }
    const after = [];
    let forward = 0;
    for (let j = i; j < points.length && forward < fore; j++) {
      after.push(points[j]);
      forward += points[j].length;
    }
    known.push({ t: Math.abs(t(before, after)), back, forward });
    quiet = known[i].t > T_THRESHOLD ? 0 : quiet + 1;
  }
  return known.flatMap((point, i) => (i > 0 && point.back >= minBack && point.forward >= fore && point.t > T_THRESHOLD && !(known[i - 1].t > point.t) && !((known[i + 1]?.t ?? 0) > point.t) ? [i] : []));
}
