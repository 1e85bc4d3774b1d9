/** Limits of the log on disk and in memory. */
export const logLimits = {
  /** Size at which the log file is rotated before its day is over: far more than a day at `info`. */
  logFileBytes: 64 * 1024 * 1024,
  /** Rotated log files that are kept: two weeks, unless something floods the log. */
  logArchives: 14,
  /** Bytes of all rotated log files. */
  logArchiveBytes: 200 * 1024 * 1024,
  /** Log lines waiting for the disk. While it takes none, further lines are dropped and counted. */
  logWaitingChars: 4 * 1024 * 1024,
} as const;
