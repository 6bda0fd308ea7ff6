// @ts-check
// A chart of values over time as SVG: several series, a point under the pointer or the arrow keys, zoom by dragging.
import { safe } from './dom.js';

/** @typedef {{ x: number, y: number, title: string, href?: string, marked?: boolean }} Point */
/** @typedef {{ name: string, points: Point[], bars?: boolean }} Series */

const HEIGHT = 320;
const PAD = { top: 12, right: 12, bottom: 28, left: 64 };
const DAY = 86_400_000;
/** A series is told from the others by its colour and by the shape of its points. */
const SHAPES = [(/** @type {number} */ x, /** @type {number} */ y) => `M${x - 3} ${y}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0`, (/** @type {number} */ x, /** @type {number} */ y) => `M${x - 3} ${y - 3}h6v6h-6z`, (/** @type {number} */ x, /** @type {number} */ y) => `M${x} ${y - 4}l4 7h-8z`, (/** @type {number} */ x, /** @type {number} */ y) => `M${x} ${y - 4}l4 4l-4 4l-4 -4z`];

/** Round numbers between two values, about as many as wanted. @param {number} low @param {number} high @param {number} count */
export function ticks(low, high, count) {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough) ?? rough;
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step / 1e6; value += step) found.push(Number(value.toPrecision(12)));
  return found;
}

/** @param {number} value */
export const short = (value) => (Math.abs(value) >= 1e6 ? `${Number((value / 1e6).toPrecision(4))}M` : Math.abs(value) >= 1e4 ? `${Number((value / 1e3).toPrecision(4))}k` : String(Number(value.toPrecision(4))));

export class Chart {
  /** @type {Series[]} */
  series = [];
  /** In pixels, as there is room. */
  width = 1000;
  /** @type {[number, number] | null} */
  zoom = null;
  /** @type {{ series: number, point: Point } | null} */
  chosen = null;

  /**
   * @param {HTMLElement} box @param {string} label what the chart shows, for screen readers
   * @param {(point: Point, series: Series) => string} tell HTML about a point
   */
  constructor(box, label, tell) {
    this.box = box;
    this.tell = tell;
    box.innerHTML = `<svg height="${HEIGHT}" class="chart" role="img" aria-label="${safe(label)}" tabindex="0"></svg><div class="chart-told" role="status"></div>`;
    this.svg = /** @type {SVGSVGElement} */ (box.querySelector('svg'));
    this.told = /** @type {HTMLElement} */ (box.querySelector('.chart-told'));
    new ResizeObserver(() => { if (box.clientWidth && box.clientWidth !== this.width) this.draw(); }).observe(box);
    let from = NaN;
    this.svg.addEventListener('pointerdown', (event) => { from = this.valueAt(event); });
    this.svg.addEventListener('pointermove', (event) => {
      this.nearest(event);
      if (event.buttons && !Number.isNaN(from)) this.shade(from, this.valueAt(event));
    });
    this.svg.addEventListener('pointerup', (event) => {
      const to = this.valueAt(event);
      const [low, high] = this.spanX();
      if (Math.abs(to - from) > (high - low) / 50) this.setZoom([Math.min(from, to), Math.max(from, to)]);
      from = NaN;
      this.svg.querySelector('.chart-shade')?.remove();
    });
    this.svg.addEventListener('dblclick', () => this.setZoom(null));
    this.svg.addEventListener('keydown', (event) => {
      if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') this.step(event.key === 'ArrowRight' ? 1 : -1);
      else if (event.key === 'Escape') this.setZoom(null);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  /** @param {Series[]} series */
  show(series) {
    this.series = series;
    this.draw();
  }

  /** @param {[number, number] | null} zoom */
  setZoom(zoom) {
    this.zoom = zoom;
    this.draw();
  }

  /** @returns {[number, number]} */
  spanX() {
    if (this.zoom) return this.zoom;
    const all = this.series.flatMap((series) => series.points.map((point) => point.x));
    // A bar is as wide as a day, a single point has some room around it.
    const margin = this.series.some((series) => series.bars) || new Set(all).size === 1 ? DAY / 2 : 0;
    return all.length ? [Math.min(...all) - margin, Math.max(...all) + margin] : [0, 1];
  }

  visible() {
    const [low, high] = this.spanX();
    return this.series.map((series) => series.points.filter((point) => point.x >= low && point.x <= high));
  }

  draw() {
    this.width = Math.max(280, this.box.clientWidth || 1000);
    this.svg.setAttribute('viewBox', `0 0 ${this.width} ${HEIGHT}`);
    const [left, right] = this.spanX();
    const seen = this.visible();
    const values = seen.flat().map((point) => point.y);
    if (!values.length) {
      this.svg.innerHTML = `<text x="${this.width / 2}" y="${HEIGHT / 2}" class="chart-text" text-anchor="middle">Nothing in this time.</text>`;
      this.told.textContent = '';
      return;
    }
    const bars = this.series.some((series) => series.bars);
    let low = bars ? 0 : Math.min(...values);
    let high = Math.max(...values);
    const margin = (high - low || Math.abs(high) || 1) * 0.08;
    if (!bars) low -= margin;
    high += margin;
    const x = (/** @type {number} */ value) => PAD.left + ((value - left) / (right - left || 1)) * (this.width - PAD.left - PAD.right);
    const y = (/** @type {number} */ value) => HEIGHT - PAD.bottom - ((value - low) / (high - low || 1)) * (HEIGHT - PAD.top - PAD.bottom);
    Object.assign(this, { x, y });
    const wanted = ticks(low, high, 5).filter((value) => !bars || Number.isInteger(value));
    const lines = wanted.map((value) => `<path class="chart-grid" d="M${PAD.left} ${y(value)}H${this.width - PAD.right}"/><text class="chart-text" x="${PAD.left - 8}" y="${y(value) + 4}" text-anchor="end">${short(value)}</text>`);
    // Under bars stand their days, which are those of UTC.
    const count = Math.max(2, Math.floor(this.width / 150));
    const every = Math.ceil((seen[0].length * 70) / this.width);
    const times = bars ? seen[0].filter((_, i) => i % every === 0).map((point) => point.x) : Array.from({ length: count }, (_, i) => left + ((right - left) * i) / (count - 1));
    const day = (/** @type {number} */ time) => new Date(time).toLocaleString([], { day: 'numeric', month: 'short', timeZone: bars ? 'UTC' : undefined, ...(right - left < 3 * DAY && !bars ? { hour: '2-digit', minute: '2-digit' } : {}) });
    const days = times.map((time, i) => `<text class="chart-text" x="${x(time)}" y="${HEIGHT - 8}" text-anchor="${bars ? 'middle' : i === 0 ? 'start' : i === count - 1 ? 'end' : 'middle'}">${day(time)}</text>`);
    const drawn = seen.map((points, place) => {
      const kind = `chart-${place % 4}`;
      if (this.series[place].bars) {
        const width = Math.min(56, Math.max(2, (x(DAY) - x(0)) * 0.8));
        return points.map((point) => `<path class="chart-bar ${kind}" d="M${x(point.x) - width / 2} ${y(0)}V${y(point.y)}h${width}V${y(0)}z"/>`).join('');
      }
      const marks = points.filter((point) => point.marked).map((point) => `<path class="chart-change" d="M${x(point.x)} ${PAD.top}V${HEIGHT - PAD.bottom}"/>`).join('');
      return `${marks}<path class="chart-points ${kind}" d="${points.map((point) => SHAPES[place % 4](Number(x(point.x).toFixed(1)), Number(y(point.y).toFixed(1)))).join('')}"/>`;
    });
    this.svg.innerHTML = `${lines.join('')}${days.join('')}${drawn.join('')}<circle class="chart-chosen" r="7" cx="-20" cy="-20"/>`;
    this.choose(this.chosen);
  }

  /** @param {PointerEvent} event */
  at(event) {
    const box = this.svg.getBoundingClientRect();
    return { x: ((event.clientX - box.left) / box.width) * this.width, y: ((event.clientY - box.top) / box.height) * HEIGHT };
  }

  /** @param {PointerEvent} event */
  valueAt(event) {
    const [left, right] = this.spanX();
    return left + ((this.at(event).x - PAD.left) / (this.width - PAD.left - PAD.right)) * (right - left);
  }

  /** @param {number} from @param {number} to */
  shade(from, to) {
    const { x } = /** @type {any} */ (this);
    const [a, b] = [x(from), x(to)].sort((p, q) => p - q);
    this.svg.querySelector('.chart-shade')?.remove();
    this.svg.insertAdjacentHTML('beforeend', `<path class="chart-shade" d="M${a} ${PAD.top}H${b}V${HEIGHT - PAD.bottom}H${a}z"/>`);
  }

  /** @param {PointerEvent} event */
  nearest(event) {
    const { x, y } = /** @type {any} */ (this);
    if (!x) return;
    const at = this.at(event);
    let best = 900;
    /** @type {{ series: number, point: Point } | null} */
    let found = null;
    this.visible().forEach((points, series) => {
      for (const point of points) {
        const far = (x(point.x) - at.x) ** 2 + (this.series[series].bars ? 0 : (y(point.y) - at.y) ** 2);
        if (far < best) { best = far; found = { series, point }; }
      }
    });
    if (found) this.choose(found);
  }

  /** @param {{ series: number, point: Point } | null} found */
  choose(found) {
    this.chosen = found;
    const { x, y } = /** @type {any} */ (this);
    const circle = this.svg.querySelector('.chart-chosen');
    if (!found || !circle) return;
    circle.setAttribute('cx', x(found.point.x));
    circle.setAttribute('cy', y(found.point.y));
    this.told.innerHTML = this.tell(found.point, this.series[found.series]);
  }

  /** @param {number} by */
  step(by) {
    const points = this.visible().flatMap((points, series) => points.map((point) => ({ series, point }))).sort((a, b) => a.point.x - b.point.x);
    if (!points.length) return;
    const at = points.findIndex(({ point }) => point === this.chosen?.point);
    this.choose(points[Math.min(points.length - 1, Math.max(0, at + by))]);
  }
}
