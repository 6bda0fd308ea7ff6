// @ts-check
// A line of a log as HTML: colours of terminals, addresses as links.
import { safe } from '../dom.js';

/** One class for each colour that terminals have. @param {number[]} codes @param {Set<string>} style */
function apply(codes, style) {
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    const clear = (/** @type {string} */ kind) => { for (const name of style) if (name.startsWith(kind)) style.delete(name); };
    if (code === 0) style.clear();
    else if (code === 1) style.add('a-bold');
    else if (code === 3) style.add('a-italic');
    else if (code === 4) style.add('a-under');
    else if (code === 22) style.delete('a-bold');
    else if (code === 39) clear('a-f');
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) { clear('a-f'); style.add(`a-f${code % 10}`); }
    // Colours out of 256 and of 24 bits are passed over with what follows them.
    else if (code === 38 || code === 48) i += codes[i + 1] === 5 ? 2 : 4;
  }
}

/** @param {string} text */
const linked = (text) => text.split(/(https?:\/\/[^\s"'<>\]|]+[^\s"'<>\]|.,;:)])/).map((part, i) => (i % 2 ? `<a href="${safe(part)}" target="_blank" rel="noopener noreferrer">${safe(part)}</a>` : safe(part))).join('');

/** Writes a line as HTML. @param {string} line */
export function lineHtml(line) {
  if (!line.includes('\x1b')) return linked(line);
  /** @type {Set<string>} */
  const style = new Set();
  let html = '';
  let at = 0;
  const put = (/** @type {string} */ text) => {
    if (text) html += style.size ? `<span class="${[...style].join(' ')}">${linked(text)}</span>` : linked(text);
  };
  for (const found of line.matchAll(/\x1b\[([0-9;]*)([A-Za-z])/g)) {
    put(line.slice(at, found.index));
    at = found.index + found[0].length;
    if (found[2] === 'm') apply(found[1].split(';').map(Number), style);
  }
  put(line.slice(at));
  return html;
}

/** What kind of line it is, for its colour. @param {string} line */
export function level(line) {
  if (/\b(ERROR|FATAL|CRITICAL|TEST-UNEXPECTED-|PROCESS-CRASH|REFTEST TEST-UNEXPECTED)\b|TEST-UNEXPECTED/.test(line)) return 'error';
  if (/\b(WARNING|WARN)\b/.test(line)) return 'warning';
  return '';
}
