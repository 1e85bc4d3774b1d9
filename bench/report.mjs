/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

let missed = 0;

/**
 * Prints a figure, next to its target if it has one.
 * @param {string} what @param {number} value @param {{ unit: string, atMost?: number, atLeast?: number }} target
 */
export function figure(what, value, { unit, atMost, atLeast }) {
  const holds = (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);
  if (!holds) missed++;
  const target = atMost === undefined ? (atLeast === undefined ? '' : `≥ ${atLeast}`) : `≤ ${atMost}`;
  const shown = value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
  console.log(`${holds ? '  ' : '✘ '}${what.padEnd(64)} ${shown.padStart(9)} ${unit.padEnd(6)} ${target}`);
}

export const missedTargets = () => missed;
