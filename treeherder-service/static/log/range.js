// @ts-check
// Marked lines in the URL: `#L120-130`, or `lineNumber=120-130` as in links of old; both count from 1.

/** @typedef {{ first: number, last: number }} Range */

/** Reads marked lines, counted from 0. @param {string} hash @param {string} search @returns {Range | null} */
export function readRange(hash, search) {
  const found = /^#L(\d+)(?:-L?(\d+))?$/.exec(hash) ?? /^(\d+)(?:-(\d+))?$/.exec(new URLSearchParams(search).get('lineNumber') ?? '');
  if (!found) return null;
  const [a, b] = [Number(found[1]), Number(found[2] ?? found[1])].map((number) => Math.max(1, number) - 1);
  return { first: Math.min(a, b), last: Math.max(a, b) };
}

/** @param {Range} range */
export const writeRange = ({ first, last }) => (first === last ? `#L${first + 1}` : `#L${first + 1}-${last + 1}`);
