/** Limits of what goes to the owner's phone and of what counts from there. */
export const ownerLimits = {
  code: {
    /** Digits of the code: few enough to type, and with the tries allowed one guess in 200,000 is right. */
    digits: 6,
    /** Wrong codes after which the code is void. */
    tries: 5,
    /** How long the code counts: the phone may be at home. */
    hours: 24,
  },
  request: {
    /** The first number of a request: larger than every choice, so that swapped digits name none. */
    firstNumber: 11,
    /** How long an answer counts: later, the phone may be in other hands and the request forgotten. */
    hours: 24,
    /** How much older than its request an answer may be dated: clocks of phones differ by seconds. */
    skewSeconds: 300,
    /** How long a request is remembered once it was sent: a day longer than what it is about waits. */
    keptDays: 15,
    /** Characters of what a stranger wrote, or our agent wants to write, that are shown at most. */
    chars: 280,
    /** Those of all requests in one message, shared among them: emoji take four bytes each, and a message 20,000. */
    charsOfAll: 1_400,
    /** Lines of it. */
    lines: 6,
  },
  messages: {
    /** Time in which requests are gathered before they are sent: a stranger's first three messages come within seconds. */
    gatherSeconds: 3,
    /** Requests in one message: about what a phone shows without scrolling twice. */
    requests: 10,
    /** Pause between two messages with requests: 50 at once take 5 messages and 4 minutes. */
    pauseSeconds: 60,
    /** Messages with requests in 24 hours: strangers with new keys decide how many requests there are. */
    perDay: 40,
    /** Replies to the phone at once: a person answers a request every few seconds at most. */
    repliesBurst: 20,
    /** Replies to the phone a minute. Decisions count without one, too. */
    repliesPerMinute: 6,
    /** Pause between two lines of help. */
    helpMinutes: 1,
  },
  /** Time without a relay that keeps our mail after which the owner is told: shorter outages are nobody's business at night. */
  mailMinutes: 60,
} as const;
