// Draws a curve as SVG, readable in light and dark pages.

const WIDTH = 640;
const HEIGHT = 240;
const MARGIN = { left: 64, right: 36, top: 36, bottom: 40 };
const GRID = '#8884';

/** @typedef {{ at: number, value: number }} Point */

/**
 * Draws points over a logarithmic axis: sizes of a mesh grow tenfold. A bar, if there is one, is a dashed line.
 * @param {{ title: string, axis: string, points: readonly Point[], bar?: number | undefined }} curve
 */
export function lineChart({ title, axis, points, bar }) {
  const ats = points.map(({ at }) => at);
  const first = Math.log10(Math.min(...ats));
  const span = Math.log10(Math.max(...ats)) - first || 1;
  const top = roundUp(Math.max(...points.map(({ value }) => value), bar ?? 0));
  const x = (/** @type {number} */ at) =>
    place(MARGIN.left + ((Math.log10(at) - first) / span) * (WIDTH - MARGIN.left - MARGIN.right));
  const y = (/** @type {number} */ value) =>
    place(HEIGHT - MARGIN.bottom - (value / top) * (HEIGHT - MARGIN.top - MARGIN.bottom));
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right];
  const lines = [0, top / 2, top].map(
    (value) =>
      `<path d="M${left} ${y(value)}H${right}" stroke="${GRID}"/>${text(left - 8, y(value) + 4, `${value}`, 'end')}`,
  );
  const labels = ats.map((at) => text(x(at), HEIGHT - MARGIN.bottom + 18, at.toLocaleString('en'), 'middle'));
  const path = points.map(({ at, value }, n) => `${n === 0 ? 'M' : 'L'}${x(at)} ${y(value)}`).join('');
  const dots = points.map(({ at, value }) => `<circle cx="${x(at)}" cy="${y(value)}" r="4" fill="#2f81f7"/>`);
  const barLine =
    bar === undefined
      ? ''
      : `<path d="M${left} ${y(bar)}H${right}" stroke="#d29922" stroke-dasharray="6 4"/>${text(right, y(bar) - 6, `bar ${bar}`, 'end')}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13" fill="#888">
<title>${title}</title>
${text(left, 20, title, 'start')}
${lines.join('\n')}
${labels.join('\n')}
${text((left + right) / 2, HEIGHT - 6, axis, 'middle')}
${barLine}
<path d="${path}" fill="none" stroke="#2f81f7" stroke-width="2"/>
${dots.join('\n')}
</svg>
`;
}

const place = (/** @type {number} */ pixels) => Math.round(pixels * 10) / 10;

/** The next of 1, 2, 5 times a power of ten. @param {number} value */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value || 1));
  return [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= value) ?? value;
}

/** @param {number} x @param {number} y @param {string} content @param {'start' | 'middle' | 'end'} anchor */
const text = (x, y, content, anchor) =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}">${content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;
