/** Limits of our own relays. */
export const ownRelayLimits = {
  write: {
    /** Events written to a public relay at once. Most allow 6 to 12 a minute, counted per IP address. */
    burst: 20,
    /** Events written to a public relay a minute. */
    perMinute: 10,
    /** Pause after a `rate-limited` that names no time. */
    rateLimitedSeconds: 60,
    /** The longest pause that a relay may name. */
    rateLimitedMaxSeconds: 3_600,
    /** How long nothing is written to a relay that refuses everything, as long as another one accepts it. */
    refusedHours: 24,
  },
  default: {
    /** Candidates in use: the first healthy ones, so that all agents overlap. */
    count: 5,
    /** How long a candidate may fail before the next one replaces it. */
    failingMinutes: 60,
    /** Time until a replaced candidate gets a trial. */
    benchHours: 24,
    /** Length of the trial, at the end of which it has to be healthy. */
    trialMinutes: 10,
  },
} as const;
