/** Limits of the page and of the browsers that are signed in on it. */
export const pageLimits = {
  /** How long a code works: time to start a browser. */
  codeSeconds: 60,
  /** Codes that work at a time; a further one ends the oldest. */
  codes: 8,
  /** Wrong codes a minute that get `page_code_wrong`; further ones have to wait. The right one always works. */
  wrongCodesPerMinute: 10,
  /** Sessions: one for each tab that signed in. A further one ends the one that was used longest ago. */
  sessions: 32,
  /** Time without a call after which a session ends. An open event stream is no call. */
  idleHours: 12,
  /** Life of a session, however much it is used: a week of a tab that nobody closes. */
  sessionDays: 7,
  /** Cookies of our name in one request: another port of this machine can set some for a longer path. */
  cookies: 4,
  /** Files of the built page. */
  files: 64,
  /** All files of the built page together: they stay in memory. */
  totalBytes: 4 * 1024 * 1024,
} as const;
