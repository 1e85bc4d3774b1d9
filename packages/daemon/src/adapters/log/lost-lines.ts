/** Counts lines that never reached the file, and which of them the log has not reported yet. */
export interface LostLines {
  add(lines: number, reason: unknown): void;
  /** Since the start. */
  total(): number;
  unreported(): number;
  /** Why the last one was lost. */
  reason(): string;
  /** Takes note that the log now reports so many. */
  markReported(lines: number): void;
}

export function createLostLines(): LostLines {
  let total = 0;
  let unreported = 0;
  let reason = '';
  return {
    add(lines, why) {
      total += lines;
      unreported += lines;
      reason = String(why);
    },
    total: () => total,
    unreported: () => unreported,
    reason: () => reason,
    markReported(lines) {
      unreported -= lines;
    },
  };
}
