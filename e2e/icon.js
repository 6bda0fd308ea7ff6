// @ts-check
// Draws the browser's icon, the mark of `templates/icons/herder.svg` without its dots, as a small PNG: for an SVG, browsers set up a
// document of its own while the page opens. `node e2e/icon.js`
import { writeFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';

const SIZE = 64;
const [RED, GREEN, BLUE] = [0x0a, 0x70, 0x32];
/** Half the width of a stroke, in units of the SVG's 24. */
const HALF = 1.1;
/** From x, y to x, y. */
const LINES = [[8, 21, 8, 8], [16, 8, 16, 9.5], [8, 14, 13, 14], [8, 18, 16, 18]];

/** How far a point is from the middle of a stroke. @param {number} x @param {number} y */
function distance(x, y) {
  const lines = LINES.map(([x0 = 0, y0 = 0, x1 = 0, y1 = 0]) => {
    const along = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2);
    const part = Math.min(1, Math.max(0, along));
    return Math.hypot(x - x0 - part * (x1 - x0), y - y0 - part * (y1 - y0));
  });
  // The crook is the upper half of a circle.
  const crook = y <= 8 ? Math.abs(Math.hypot(x - 12, y - 8) - 4) : Infinity;
  return Math.min(crook, ...lines);
}

const rows = Array.from({ length: SIZE }, (_, row) => {
  const pixels = Array.from({ length: SIZE }, (_, column) => {
    const inside = (HALF - distance(((column + 0.5) * 24) / SIZE, ((row + 0.5) * 24) / SIZE)) * (SIZE / 24) + 0.5;
    return [RED, GREEN, BLUE, Math.round(255 * Math.min(1, Math.max(0, inside)))];
  });
  return Buffer.from([0, ...pixels.flat()]);
});

/** @param {Buffer} bytes */
function crc(bytes) {
  let rest = ~0;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  }
  return ~rest >>> 0;
}

/** @param {string} type @param {Buffer} data */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc(body));
  return Buffer.concat([length, body, check]);
}

const header = Buffer.alloc(13);
header.writeUInt32BE(SIZE, 0);
header.writeUInt32BE(SIZE, 4);
// Eight bits of red, green, blue and opacity.
header.set([8, 6], 8);
const file = new URL('../treeherder-service/static/icons/herder.png', import.meta.url);
writeFileSync(file, Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  chunk('IHDR', header),
  chunk('IDAT', deflateSync(Buffer.concat(rows), { level: 9 })),
  chunk('IEND', Buffer.alloc(0)),
]));
