// Draws docs/quickstart.svg, the animated picture in the README: runs the quickstart and shows its real output with
// compressed timing. Plain SVG and CSS, no script, no external font; with reduced motion only the last frame is shown.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const quickstart = fileURLToPath(new URL('quickstart.mjs', import.meta.url));
const picture = fileURLToPath(new URL('../docs/quickstart.svg', import.meta.url));
const COMMAND = 'npm run quickstart';
const MAX_BYTES = 60 * 1024;

const output = execFileSync(process.execPath, [quickstart], {
  encoding: 'utf8',
  env: { PATH: process.env['PATH'] ?? '', FORCE_COLOR: '1' },
});
const lines = ['', ...output.trim().split('\n')];
const plainLines = lines.map(stripVTControlCharacters);

// Timing: when each line appears and each envelope flies.

/**
 * For each line that matters: what travels between the agents before it appears, or which node it lights up.
 * @type {readonly { line: RegExp, node?: 'relay' | 'alice' | 'bob', flights?: readonly (readonly ['alice' | 'bob', string])[] }[]}
 */
const scenes = [
  { line: /relay +is listening/, node: 'relay' },
  { line: /alice +is running/, node: 'alice' },
  { line: /bob +is running/, node: 'bob' },
  {
    line: /discovered each other/,
    flights: [
      ['alice', 'presence'],
      ['bob', 'presence'],
      ['alice', 'hello'],
      ['bob', 'hello'],
    ],
  },
  { line: /GET \/messages\/wait/, flights: [['alice', 'message']] },
  { line: /wait_for_message/, flights: [['bob', 'reply']] },
  { line: /get_message/, flights: [['bob', 'receipt']] },
];
const FLIGHT_S = 1.3;
/** Time between the starts of two flights that overlap. */
const STAGGER_S = 0.6;
const TYPING_FROM_S = 0.7;
const TYPING_TO_S = 2;
const HOLD_S = 8;
/** The animation then rests on its last frame: text that keeps moving is hard to read. */
const ROUNDS = 3;

let now = TYPING_TO_S;
/** @type {Map<string, number>} */
const nodeTimes = new Map();
/** @type {{ from: 'alice' | 'bob', label: string, startS: number }[]} */
const flights = [];
const shownAt = plainLines.map((line) => {
  const scene = scenes.find((one) => one.line.test(line));
  // Slower steps take longer in the picture too, within what a reader can follow.
  const tookS = Number(/^ *([\d.]+) s/.exec(line)?.[1] ?? 0);
  now += line === '' ? 0 : Math.min(1, 0.5 + tookS / 2);
  for (const [index, [from, label]] of (scene?.flights ?? []).entries())
    flights.push({ from, label, startS: now + index * STAGGER_S });
  if (scene?.flights) now += FLIGHT_S + (scene.flights.length - 1) * STAGGER_S;
  if (scene?.node) nodeTimes.set(scene.node, now);
  return now;
});
for (const { line } of scenes)
  if (!plainLines.some((text) => line.test(text))) throw new Error(`the quickstart no longer prints ${line}`);
const totalS = now + HOLD_S;

// Layout.

const CHAR = 8.4;
const LINE = 22;
const PAD = 24;
const columns = Math.max(...plainLines.map((line) => line.length));
const width = Math.ceil(columns * CHAR) + 2 * PAD;
const BAR = 38;
const STAGE = 108;
const textTop = BAR + STAGE + 30;
const height = textTop + lines.length * LINE + 14;
const nodeY = BAR + STAGE / 2;
const nodeX = { alice: PAD + 42, relay: width / 2, bob: width - PAD - 42 };

const styles = /** @type {Record<string, string>} */ ({ 1: 'b', 2: 'd', 32: 'g', 36: 'c' });
/** The styles that each reset code ends. */
const ends = /** @type {Record<string, string[]>} */ ({ 22: ['b', 'd'], 39: ['g', 'c'] });
const escaped = (/** @type {string} */ text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const fixed = (/** @type {number} */ number) => String(Number(number.toFixed(2)));

/**
 * Draws one terminal line. Each run of text has a fixed position and length, so that columns line up in any font.
 * @param {string} line @param {number} y
 */
function drawLine(line, y) {
  let column = 0;
  const active = new Set();
  let drawn = '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours start with an escape.
  for (const part of line.split(/(\u001b\[\d+m)/)) {
    const code = /\[(\d+)m$/.exec(part)?.[1];
    if (code !== undefined) {
      if (styles[code]) active.add(styles[code]);
      for (const style of ends[code] ?? []) active.delete(style);
      continue;
    }
    for (const match of part.matchAll(/\S+(?: \S+)*/g)) {
      const [text] = match;
      const look = active.size > 0 ? ` class="${[...active].sort().join(' ')}"` : '';
      const x = PAD + (column + match.index) * CHAR;
      drawn += `<text x="${fixed(x)}" y="${y}" textLength="${fixed(text.length * CHAR)}"${look}>${escaped(text)}</text>`;
    }
    column += part.length;
  }
  return drawn;
}

// Animation.

/** @type {string[]} */
const keyframes = [];
const percent = (/** @type {number} */ atS) => `${fixed((atS / totalS) * 100)}%`;

/** Returns a style attribute that names a new animation; all animations share one duration. @param {string} frames */
function animated(frames) {
  const name = `k${keyframes.length}`;
  keyframes.push(`@keyframes ${name}{${frames}}`);
  return `style="animation-name:${name}"`;
}

const FADE_S = 0.15;
/** @param {number} atS @param {number} [from] opacity until then */
const appears = (atS, from = 0) =>
  animated(`0%,${percent(atS)}{opacity:${from}}${percent(atS + FADE_S)},to{opacity:1}`);

/** @param {{ from: 'alice' | 'bob', label: string, startS: number }} flight */
function drawFlight({ from, label, startS }) {
  const start = nodeX[from];
  const end = nodeX[from === 'alice' ? 'bob' : 'alice'];
  const way = Math.sign(end - start) * 46;
  const rightward = from === 'alice';
  // Each direction has its own side of the wire, so that two that cross stay legible.
  const y = nodeY + (rightward ? -9 : 9);
  const at = (/** @type {number} */ x) => `transform:translate(${fixed(x)}px,${y}px)`;
  const ease = 'animation-timing-function:ease-in-out';
  const motion = animated(
    `0%,${percent(startS)}{${at(start + way)};opacity:0}` +
      `${percent(startS + 0.1)}{${at(start + way)};opacity:1;${ease}}` +
      `${percent(startS + FLIGHT_S * 0.46)}{${at(nodeX.relay)};opacity:1}` +
      `${percent(startS + FLIGHT_S * 0.58)}{${at(nodeX.relay)};opacity:1;${ease}}` +
      `${percent(startS + FLIGHT_S - 0.05)}{${at(end - way)};opacity:1}` +
      `${percent(startS + FLIGHT_S)},to{${at(end - way)};opacity:0}`,
  );
  // Presence is public; everything else travels sealed, as an envelope.
  const shape =
    label === 'presence'
      ? '<circle r="5" class="beacon"/>'
      : '<rect x="-10" y="-7" width="20" height="14" rx="2.5" class="env"/><path d="M-9-5.5 0 1 9-5.5" class="flap"/>';
  return `<g class="m f ${rightward ? 'c' : 'g'}" ${motion}>${shape}<text y="${rightward ? -16 : 25}" class="label">${label}</text></g>`;
}

/** @param {'alice' | 'relay' | 'bob'} name @param {string} look */
function drawNode(name, look) {
  const x = nodeX[name];
  const wide = name === 'relay' ? 76 : 84;
  return (
    `<g class="m ${look}" ${appears(nodeTimes.get(name) ?? 0, 0.22)}>` +
    `<rect x="${fixed(x - wide / 2)}" y="${nodeY - 18}" width="${wide}" height="36" rx="18" class="node"/>` +
    `<text x="${fixed(x)}" y="${nodeY + 5}" class="name b">${name}</text></g>`
  );
}

/** @param {'alice' | 'bob'} name */
function drawWire(name) {
  const [from, to] = [nodeX[name], nodeX.relay].sort((a, b) => a - b);
  return `<path d="M${fixed((from ?? 0) + 46)} ${nodeY}H${fixed((to ?? 0) - 46)}" class="m wire" ${appears(nodeTimes.get(name) ?? 0, 0.22)}/>`;
}

const typedWidth = COMMAND.length * CHAR;
const promptY = textTop;
const typing = animated(
  `0%,${percent(TYPING_FROM_S)}{transform:none;opacity:1;animation-timing-function:steps(${COMMAND.length})}` +
    `${percent(TYPING_TO_S)}{transform:translate(${fixed(typedWidth)}px);opacity:1}${percent(TYPING_TO_S + 0.3)},to{transform:translate(${fixed(typedWidth)}px);opacity:0}`,
);
const promptX = PAD + 2 * CHAR;

const body = [
  `<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="12" class="window"/>`,
  [0, 1, 2].map((index) => `<circle cx="${PAD + index * 18}" cy="20" r="5.5" class="dot"/>`).join(''),
  `<text x="${width / 2}" y="24" class="title">ocmesh quickstart</text><path d="M0 ${BAR}.5H${width}M0 ${BAR + STAGE}.5H${width}" class="rule"/>`,
  drawWire('alice'),
  drawWire('bob'),
  ...flights.map(drawFlight),
  drawNode('alice', 'c'),
  drawNode('relay', ''),
  drawNode('bob', 'g'),
  drawLine(`\u001b[2m$\u001b[22m \u001b[1m${COMMAND}\u001b[22m`, promptY),
  `<g class="m f" ${typing}><rect x="${fixed(promptX)}" y="${promptY - 16}" width="${fixed(typedWidth + 4)}" height="${LINE}" class="cover"/><rect x="${fixed(promptX)}" y="${promptY - 14}" width="${CHAR}" height="18" class="cursor"/></g>`,
  ...lines.map((line, index) =>
    line === ''
      ? ''
      : `<g class="m" ${appears(shownAt[index] ?? 0)}>${drawLine(line, promptY + (index + 1) * LINE - LINE / 2)}</g>`,
  ),
].filter(Boolean);

const css = `
svg{--bg:#f6f8fa;--line:#d0d7de;--fg:#1f2328;--dim:#59636e;--cyan:#0a6c80;--green:#1a7f37;--env:#fff}
@media(prefers-color-scheme:dark){svg{--bg:#161b22;--line:#343b44;--fg:#e6edf3;--dim:#9198a1;--cyan:#56d4dd;--green:#7ee787;--env:#0d1117}}
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;fill:var(--fg)}
.b{font-weight:600}.d{fill:var(--dim)}.c,.c text{fill:var(--cyan)}.g,.g text{fill:var(--green)}
.window{fill:var(--bg);stroke:var(--line)}.rule{stroke:var(--line)}.dot{fill:var(--line)}
.title,.label{font-size:12px;fill:var(--dim);text-anchor:middle}.name{text-anchor:middle}
.node,.env{fill:var(--env);stroke:var(--dim);stroke-width:1.5}.c .node,.c .env{stroke:var(--cyan)}.g .node,.g .env{stroke:var(--green)}
.wire{stroke:var(--dim);stroke-dasharray:2 5;stroke-linecap:round;stroke-width:1.5}
.flap{fill:none;stroke:var(--dim);stroke-width:1.5;stroke-linejoin:round}
.c .flap{stroke:var(--cyan)}.g .flap{stroke:var(--green)}.c .beacon{fill:var(--cyan)}.g .beacon{fill:var(--green)}
.cover{fill:var(--bg)}.cursor{fill:var(--fg)}
.f{opacity:0}.m{animation-duration:${fixed(totalS)}s;animation-iteration-count:${ROUNDS};animation-fill-mode:both;animation-timing-function:linear}
${keyframes.join('\n')}
@media(prefers-reduced-motion:reduce){.m{animation:none}}
`;

const svg =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t d">\n` +
  '<title id="t">Two agents meet and talk</title>\n' +
  '<desc id="d">A terminal runs the quickstart: a relay and the agents alice and bob start, discover each other, shake hands, ' +
  'and exchange a question, a reply and a delivery receipt, end-to-end encrypted through the relay.</desc>\n' +
  `<style>${css}</style>\n${body.join('\n')}\n</svg>\n`;
if (Buffer.byteLength(svg) > MAX_BYTES) throw new Error(`the picture has ${Buffer.byteLength(svg)} bytes`);
writeFileSync(picture, svg);
console.log(
  `docs/quickstart.svg: ${width} × ${height}, ${(Buffer.byteLength(svg) / 1024).toFixed(1)} KB, ${fixed(totalS)} s`,
);
