// Figures of a run: printed, compared with their targets, and kept for `pnpm bench --save`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/**
 * A figure of a bench. `least` and `most` are the spread of its samples; `curve` and `at` make it a point of a curve.
 * @typedef {{ unit: string, atMost?: number, atLeast?: number, samples?: readonly number[], curve?: string, at?: number }} Details
 * @typedef {{ what: string, value: number, unit: string, atMost?: number, atLeast?: number, least?: number, most?: number, curve?: string, at?: number }} Figure
 * @typedef {{ date: string, machine: string, figures: Figure[], rows: Record<string, unknown>[] }} Result
 */

let missed = 0;
/** @type {Figure[]} */
let figures = [];
/** @type {Record<string, unknown>[]} */
let rows = [];

/** Prints a figure, next to its target if it has one. @param {string} what @param {number} value @param {Details} details */
export function figure(what, value, { samples, ...details }) {
  const { unit, atMost, atLeast } = details;
  const holds = (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);
  if (!holds) missed++;
  const spread = samples ? { least: Math.min(...samples), most: Math.max(...samples) } : {};
  figures.push({ what, value, ...details, ...spread });
  const target = atMost === undefined ? (atLeast === undefined ? '' : `≥ ${atLeast}`) : `≤ ${atMost}`;
  console.log(
    `${holds ? '  ' : '✘ '}${what.padEnd(64)} ${shown(value).padStart(9)} ${unit.padEnd(6)} ${target}`,
  );
}

/** Three significant digits. @param {number} value */
export const shown = (value) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

/** Keeps a row of a table. @param {Record<string, unknown>} row */
export const addRow = (row) => void rows.push(row);

export const missedTargets = () => missed;

/** The kind of machine and how busy it was, and nothing that identifies it. */
const machine = () =>
  `${cpus().length} cores, ${Math.round(totalmem() / 1024 ** 3)} GB, ${process.platform} ${process.arch}, Node ${process.version.slice(1)}, load ${loadavg()[2]?.toFixed(0)}`;

/** Replaces what the file knows of this bench. @param {URL} file @param {string} name */
export function save(file, name) {
  /** @type {Record<string, Result>} */
  const all = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  all[name] = { date: new Date().toISOString().slice(0, 10), machine: machine(), figures, rows };
  const sorted = Object.fromEntries(Object.entries(all).sort(([one], [other]) => (one < other ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify(sorted, null, 2)}\n`);
}

/** Forgets the figures of the bench before. */
export function begin() {
  figures = [];
  rows = [];
}
