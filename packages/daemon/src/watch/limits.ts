/** How often a watcher announces, and what it does with a command that fails. */
export const watchLimits = {
  /** Between two announcements: a burst of messages wakes an agent once, not a hundred times. */
  quietSeconds: 30,
  /** Announcements by watchers that start anew within the quiet time: a hook answers a second message at once. */
  atOnce: 2,
  /** Between two looks at the inbox that found nothing to announce, however much arrives from others. */
  lookSeconds: 1,
  /** Messages named in one line; the others are counted. */
  listed: 20,
  /** Of the owner's name for a peer. */
  aliasChars: 40,
  /** Of the name of a watcher, which is the name of a file. */
  nameChars: 32,
  /** Requests and paused conversations that a watcher remembers having announced: more than can wait at a time. */
  remembered: 1_000,
  /** Pause after the daemon did not respond; doubles each time. */
  reconnectSeconds: 1,
  /** Longest pause before the daemon is tried again. */
  reconnectMaxSeconds: 30,
  command: {
    /** A command that hangs would keep every later message from being announced. */
    seconds: 60,
    /** Tries for one announcement. After that, the messages wait for the next one. */
    tries: 5,
    /** Pause after the first failure; doubles with each. */
    retrySeconds: 2,
    /** Of its error output, kept for the owner. */
    errorChars: 200,
  },
} as const;
