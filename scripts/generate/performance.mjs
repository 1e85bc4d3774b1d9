// Makes docs/performance.md with its pictures, and the table in the README, from bench/results.json.
import { readFileSync } from 'node:fs';
import { shown } from '../../bench/report.mjs';
import { lineChart } from './line-chart.mjs';

/** @typedef {import('../../bench/report.mjs').Result} Result @typedef {import('../../bench/report.mjs').Figure} Figure */
/**
 * @typedef {{ name: string, messages: number, perSecond: number, p50: number, p99: number, alone?: number, cpuEach: number, memory: number, lost: number,
 *   lostOff: number, twice: number }} PeersRow
 */

const names = {
  ocmesh: 'ocmesh',
  'simple-pool': '[nostr-tools](https://github.com/nbd-wtf/nostr-tools) `SimplePool`',
  ndk: '[NDK](https://github.com/nostr-dev-kit/ndk)',
  'rust-nostr': '[rust-nostr](https://rust-nostr.org) for JavaScript',
};

/** What each bench measures, in the order of the page. @type {Readonly<Record<string, string>>} */
const titles = {
  agents: 'Two agents',
  peers: 'Beside other libraries',
  idle: 'At rest',
  mesh: 'A mesh that grows',
  store: 'The store',
  ingest: 'Incoming events',
  crypto: 'Cryptography',
  log: 'The log',
};

/** @returns {Record<string, Result>} */
const results = () => JSON.parse(readFileSync(new URL('../../bench/results.json', import.meta.url), 'utf8'));

/** Returns the files of the page by their names in docs. @param {string} header */
export function performanceFiles(header) {
  const all = results();
  const order = Object.keys(titles);
  const known = Object.keys(all).sort((one, other) => order.indexOf(one) - order.indexOf(other));
  /** @type {Record<string, string>} */
  const files = {};
  const sections = known.map((name) => section(name, /** @type {Result} */ (all[name]), files));
  const notes = readFileSync(new URL('./performance-notes.md', import.meta.url), 'utf8');
  files['performance.md'] = `${header}# Performance\n\n${notes}\n${sections.join('\n')}`;
  return files;
}

/** @param {string} name @param {Result} result @param {Record<string, string>} files */
function section(name, { date, machine, figures, rows }, files) {
  const plain = figures.filter(({ curve }) => curve === undefined);
  const curves = new Set(figures.flatMap(({ curve }) => curve ?? []));
  const parts = [`## ${titles[name] ?? name}\n\n\`pnpm bench ${name}\`, ${date}: ${machine}.\n`];
  if (rows.length > 0) parts.push(peersTable(/** @type {any[]} */ (rows)));
  if (plain.length > 0) parts.push(table(plain));
  if (curves.size > 0) parts.push(table(figures.filter(({ curve }) => curve !== undefined)));
  for (const curve of curves) {
    const found = figures.filter((one) => one.curve === curve);
    const file = `performance/${name}-${curve.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.svg`;
    files[file] = lineChart({
      title: curve,
      axis: 'agents on the mesh',
      points: found.map(({ at = 1, value }) => ({ at, value })),
      bar: found.find(({ atMost }) => atMost !== undefined)?.atMost,
    });
    parts.push(`![${curve}, by the number of agents](${file})\n`);
  }
  return parts.join('\n');
}

/** @param {readonly Figure[]} figures */
function table(figures) {
  const lines = figures.map(({ what, value, unit, atMost, atLeast, least, most }) => {
    const target = atMost === undefined ? (atLeast === undefined ? '' : `≥ ${atLeast}`) : `≤ ${atMost}`;
    const holds = (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);
    const spread = least === undefined || most === undefined ? '' : ` (${shown(least)} to ${shown(most)})`;
    return `| ${what} | ${shown(value)} ${unit}${spread} | ${target}${holds ? '' : ' **missed**'} |`;
  });
  return `| figure | value (spread) | bar |\n|---|---|---|\n${lines.join('\n')}\n`;
}

/** @param {readonly PeersRow[]} rows */
function peersTable(rows) {
  const lines = rows.map(
    (row) =>
      `| ${names[/** @type {keyof typeof names} */ (row.name)]} | ${shown(row.perSecond)} | ${row.p50.toFixed(0)} / ${row.p99.toFixed(0)} | ${row.alone?.toFixed(0) ?? '–'} | ${row.cpuEach.toFixed(1)} | ${row.memory.toFixed(0)} | ${row.lost} | ${row.lostOff} | ${row.twice} |`,
  );
  const head = `| ${rows[0]?.messages} messages each | messages/s | p50 / p99 ms | one by one, ms | CPU ms each | MB | lost | lost while off | twice |`;
  return `${head}\n|---|---|---|---|---|---|---|---|---|\n${lines.join('\n')}\n`;
}

const BEGIN = '<!-- generated: peers -->';
const END = '<!-- end -->';

/** Returns the README with a fresh table. @param {string} readme */
export function withPeersTable(readme) {
  const peers = results()['peers'];
  const [before, rest = ''] = readme.split(BEGIN);
  const [, after = ''] = rest.split(END);
  if (!peers || rest === '') return readme;
  return `${before}${BEGIN}\n\n${peersTable(/** @type {any[]} */ (peers.rows))}\n${END}${after}`;
}
