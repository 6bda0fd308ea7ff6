// @ts-check
// Every result can be read in both themes: contrast of WCAG AA, from the tokens of the style sheet.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const css = readFileSync(new URL('../../treeherder-service/static/style.css', import.meta.url), 'utf8');

/** @type {Record<string, [string, string]>} */
const tokens = Object.fromEntries([...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, name, light, dark]) => [name, [light, dark]]));

/** @param {string} colour */
function luminance(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** @param {string} a @param {string} b */
function contrast(a, b) {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const results = [...'tbesruxgpnk'];

for (const [theme, name] of [[0, 'light'], [1, 'dark']]) {
  test(`text in the ${name} theme`, () => {
    for (const ground of ['page', 'card', 'raised', 'hover']) {
      for (const text of ['text', 'soft', 'link', ...results.map((letter) => `s-${letter}`)]) {
        const found = contrast(tokens[text][Number(theme)], tokens[ground][Number(theme)]);
        assert.ok(found >= 4.5, `${text} on ${ground}: ${found.toFixed(2)}`);
      }
    }
  });
  test(`filled results in the ${name} theme`, () => {
    for (const [text, ground] of [['on-t', 's-t'], ['on-b', 's-b'], ['on-e', 's-e'], ['on-accent', 'accent'], ['text', 'mark']]) {
      const found = contrast(tokens[text][Number(theme)], tokens[ground][Number(theme)]);
      assert.ok(found >= 4.5, `${text} on ${ground}: ${found.toFixed(2)}`);
    }
  });
}

test('no two results differ by colour alone', () => {
  // Each status has a rule of its own for the shape of a job, except the plain one.
  for (const letter of results.filter((letter) => letter !== 's')) {
    const rule = new RegExp(`\\.j\\.s-${letter}[^{]*\\{[^}]*(border|text-decoration|font-style)`);
    assert.match(css, rule, letter);
  }
});
