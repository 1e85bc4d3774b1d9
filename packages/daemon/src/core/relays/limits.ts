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
    /** How long nothing is written to a relay that refuses everything, as long as another one accepts it: twice as long each time. */
    refusedMinutes: 10,
    /** The longest such pause, which a relay for members only reaches on the first day. */
    refusedHours: 24,
  },
  test: {
    /** Seconds from the EOSE of our subscription for messages to the first test of a relay. */
    firstSeconds: 2,
    /** Seconds that a relay gets to store and forward a test event after its OK. */
    settleSeconds: 2,
    /** Seconds for which it is asked again before it counts as one that drops. */
    findSeconds: 8,
    /** Seconds between two such queries. */
    findEverySeconds: 2,
    /** Milliseconds for which events count that come behind the EOSE: some relays send them there. */
    lateMs: 500,
    /** Such events that are held: our test events of one round. */
    lateEvents: 20,
    /** Seconds until it is asked once more: some relays keep events for a minute. */
    againSeconds: 75,
    /** Seconds from a failed test to the one that confirms it. */
    confirmSeconds: 20,
    /** Most minutes between two tests of a relay; at least half as many. */
    everyMinutes: 60,
    /** The same while a relay drops what it accepts: it may recover. */
    failingMinutes: 30,
    /** Minutes between two tests that a missing receipt causes. */
    suspicionMinutes: 2,
    /** Hours for which receipts may put off a test: they do not tell a relay that keeps from one that only forwards. */
    receiptHours: 6,
    /** Seconds after which relays may delete a test event (NIP-40). */
    expirationSeconds: 300,
    /** Test events a day on one relay, usually 31 of 1.7 KB: public relays are shared. */
    writesPerDay: 50,
    /** Of these, at once: a relay that disconnects often is tested at each connection. */
    writesBurst: 8,
    /** Test events whose ids are remembered: they are no mail, whenever a relay delivers them. */
    remembered: 500,
  },
  wake: {
    /** Seconds that the relays get to send the owner's test message back: a call of the command waits for it. */
    backSeconds: 10,
    /** Seconds for which its watcher may announce it: a command that it runs for an earlier message, and its quiet time. */
    shownSeconds: 150,
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
