import { createHash } from 'node:crypto';
import type { VirtualClock } from '../time/virtual-clock.ts';

/** Everything that happened, in order. Two runs of a seed have the same hash. */
export interface History {
  /** Notes something that a reader of the history wants to see. */
  note(who: string, what: string): void;
  /** Adds to the hash what is too much to read, such as frames. */
  mix(...parts: readonly string[]): void;
  hash(): string;
  lines(): readonly string[];
}

/** Lines that are kept: a simulation of hours has some thousand. */
const KEPT_LINES = 50_000;

export function createHistory(virtual: VirtualClock): History {
  const hash = createHash('sha256');
  const lines: string[] = [];

  return {
    note(who, what) {
      const line = `${timeText(virtual.now())}  ${who}: ${what}`;
      hash.update(`${line}\n`);
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.splice(0, KEPT_LINES / 2);
    },
    mix(...parts) {
      hash.update(`${virtual.now()}${parts.join('')}`);
    },
    hash: () => hash.copy().digest('hex'),
    lines: () => lines,
  };
}

/** Simulated time as `h:mm:ss.mmm`. */
function timeText(ms: number): string {
  const pad = (value: number, digits = 2): string => String(Math.floor(value)).padStart(digits, '0');
  return `${Math.floor(ms / 3_600_000)}:${pad((ms / 60_000) % 60)}:${pad((ms / 1000) % 60)}.${pad(ms % 1000, 3)}`;
}
