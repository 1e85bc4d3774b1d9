/** Limits of our own relays. */
export const relayLimits = {
  write: {
    /** Events written to a public relay at once: most allow 6 to 12 a minute, counted per IP address. */
    burst: 20,
    /** Events written to a public relay a minute. */
    perMinute: 10,
    /** Pause after a relay's `rate-limited` that names no time. */
    rateLimitedSeconds: 60,
    /** The longest pause that a relay may name. */
    rateLimitedMaxSeconds: 3_600,
    /** How long nothing is written to a relay that refuses us, while another one takes it. */
    refusedHours: 24,
  },
  default: {
    /** Default relays in use: the first healthy candidates, so that all agents overlap. */
    count: 5,
    /** How long a default relay may fail before the next candidate replaces it. */
    failingMinutes: 60,
    /** Time until a replaced relay is tried again. */
    benchHours: 24,
    /** Time that it then has to prove that it works. */
    trialMinutes: 10,
  },
} as const;
