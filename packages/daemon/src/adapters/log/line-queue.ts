import type { UnixMs } from '@ocmesh/shared/ambient';

/** Lines of one day, in order. */
interface Batch {
  readonly day: string;
  text: string;
}

/** Lines that wait to be written, grouped by day. */
export interface LineQueue {
  /** @returns false when there is no room for the line */
  add(line: string, timeMs: UnixMs): boolean;
  /** Removes and returns the oldest batch; null when nothing waits. */
  takeOldest(): Readonly<Batch> | null;
  batches(): number;
  chars(): number;
}

export function createLineQueue(dayOf: (timeMs: UnixMs) => string, maxChars: number): LineQueue {
  const batches: Batch[] = [];
  let chars = 0;
  return {
    add(line, timeMs) {
      if (chars + line.length > maxChars) return false;
      const day = dayOf(timeMs);
      const last = batches.at(-1);
      if (last?.day === day) last.text += line;
      else batches.push({ day, text: line });
      chars += line.length;
      return true;
    },
    takeOldest() {
      const oldest = batches.shift() ?? null;
      chars -= oldest?.text.length ?? 0;
      return oldest;
    },
    batches: () => batches.length,
    chars: () => chars,
  };
}
