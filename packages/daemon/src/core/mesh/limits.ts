/** Limits of discovery. */
export const meshLimits = {
  /** Time without a sign of life after which a peer counts as offline: three announcements, as in the deployed mesh. */
  onlineWindowMinutes: 15,
  /** Longest time for which a presence counts, whatever it says: three announcements of the largest mesh. */
  longestPresenceHours: 3,
  /** Unknown keys whose offline presence is remembered, so that their older presences do not make them peers. */
  departedKeys: 1_000,
  /** Hellos a minute: each costs a signature and five writes, and made-up keys must not make us pay. */
  hellosPerMinute: 6,
  /** Hellos in 24 hours. */
  hellosPerDay: 200,
  /** Of these, hellos to keys that we only found and that never replied: made-up ones must leave half for real newcomers. */
  unrepliedHellosPerDay: 100,
  /** Of these, hellos kept for peers the owner named: made-up keys can send us hellos, too. */
  namedHellosPerDay: 20,
  ownKeyChecks: {
    /** Signature checks at once of presences by our own key that we did not sign: a relay can make up any number of them. */
    burst: 5,
    /** Such checks a minute: two daemons with one key announce themselves every few minutes. */
    perMinute: 12,
  },
  profileChanges: {
    /** Changes of our profile in a row that are announced at once: an owner tries out a few words. */
    burst: 3,
    /** Announcements of a changed profile a minute: a script that edits it all the time must not wear out the relays' patience. */
    perMinute: 6,
  },
  scan: {
    /** Presences requested in one page: relays' usual `max_limit`. */
    pageEvents: 500,
    /** Pages of one scan: as many agents as we remember. A relay with more is sampled. */
    pages: 20,
    /** Presences that a scan asks for first while the subscription works: if all are known, it does. */
    checkedEvents: 10,
    /** Age in seconds from which on an unknown presence was missed: a younger one may still be on its way. */
    underWaySeconds: 15,
    /** Seconds by which a scan reaches behind the start of the one before: a relay may get a presence that late. */
    overlapSeconds: 300,
  },
  budget: {
    /** MB that all discovery may receive in a day, unless configured: what a page with pictures costs, four times an hour. */
    megabytesPerDay: 50,
    /** Part of the day's budget that may be received at once, after a start say: a quarter, a mesh of 20,000. */
    burstFraction: 4,
    /** Percent of the budget that is planned for; a day's samples end there, and searches go on. */
    plannedPercent: 95,
    /** Percent of the budget for relays that we follow as a whole; the rest is for scans, samples and single peers. */
    allPercent: 60,
    /** Percent of that within which a sampled relay has to be to be followed as a whole again: it must not flip back and forth. */
    hysteresisPercent: 70,
    /** Minutes for which a relay that sent far more than expected is only sampled. */
    floodMinutes: 60,
  },
  estimate: {
    /** Samples that an estimate combines: 16 minutes of scans. */
    samples: 8,
    /** Seconds between two presences of an agent that does not say: those of the deployed mesh. */
    fallbackSeconds: 300,
    /** Bytes of a presence, before any came. */
    eventBytes: 600,
  },
  count: {
    /** Minutes between two COUNTs (NIP-45) of one relay: some read all events for it. */
    everyMinutes: 10,
    /** Minutes for which one counts. */
    validMinutes: 30,
    /** Hours for which a relay that refused a COUNT, or did not answer it, gets no other. */
    refusedHours: 24,
    /** Percent by which an estimated number of a relay, or one from registers, may be off (95 %): twice the 6.5 % of 256 registers. */
    errorPercent: 13,
    /** Percent by which a COUNT may differ from what the newest page says; more is a mistake or a lie. */
    trustedPercent: 50,
    /** Bytes of an answer with registers, for the budget. */
    answerBytes: 600,
  },
  sample: {
    /** Presences that a sample takes at least, whatever the budget. */
    leastEvents: 10,
    /** Agents on a relay beyond which a first scan takes one page only: we would forget them again. */
    listedAgents: 10_000,
  },
  followed: {
    /** Contacts and peers our agent wrote to that are followed on a sampled relay: the last seen of them. */
    authors: 500,
    /** Peers in one filter of that subscription: 7 KB of its REQ. */
    authorsPerFilter: 100,
    /** Relays on which each of them is followed: one may fail. */
    copies: 2,
    /** Percent of the budget beyond which each is followed on one relay only. */
    budgetPercent: 40,
  },
  announce: {
    /** Agents on a relay from which on they announce themselves less often than configured. */
    denseAgents: 3_000,
    /** Presences a second that all agents together write to one relay: what a public relay takes from thousands of addresses. */
    perSecond: 10,
    /** Longest time between two announcements: whoever disappears without a word is missed after three of them. */
    longestMinutes: 60,
    /** Agents of the mesh from which on each announces itself on some of its relays only. */
    everywhereAgents: 30_000,
    /** Presences a second on each relay then. */
    sparsePerSecond: 10,
  },
  notes: {
    /** Minutes between two looks at kind 1 notes: an agent that announces itself in no other way stays within the online window. */
    everyMinutes: 10,
    /** Notes that the first look on a connection takes: all, because none are sent while more agents are online. */
    firstEvents: 100,
    /** Notes that each further look takes. */
    events: 20,
    /** Hours for which notes are subscribed to on a relay where they brought somebody new. */
    wantedHours: 6,
  },
  search: {
    /** Words of a question that are looked for: the rest of a longer one is ignored. */
    words: 16,
    /** Labels in one query to a relay: the words and pairs of words of a question of ten. */
    labels: 20,
    /** Relays that one search asks: a copy of a presence is on most of our relays. */
    relays: 8,
    /** Presences taken from each of them: five times what a search returns. */
    rowsPerRelay: 100,
    /** Time that a caller waits for the relays: most send their EOSE within half a second. */
    waitMs: 2_000,
    /** Questions of which we remember when the relays were asked. */
    remembered: 200,
    /** Searches in a row that may ask relays. */
    burst: 3,
    /** Searches a minute that may ask relays: a model that asks for the same thing over and over costs them no more. */
    perMinute: 6,
  },
  lookUp: {
    /** Presences of keys with the same first digits taken from each relay: two agents have the same 8 digits once in 93,000. */
    rowsPerRelay: 10,
    /** Time that a caller waits for a peer to be looked up: it wants to write to it. */
    waitMs: 1_500,
    /** Keys and handles in a row that are looked up. */
    burst: 10,
    /** Keys and handles looked up a minute. */
    perMinute: 20,
    /** Minutes for which what was looked up counts, found or not. */
    againMinutes: 5,
    /** Keys and handles that are remembered as looked up. */
    remembered: 1_000,
  },
  ping: {
    /** Time without a sign of life after which a contact is asked for one: agents of a small mesh announce themselves that often. */
    silentSeconds: 330,
    /** Time between two attempts to reach one peer: it, too, has a budget. */
    againMinutes: 5,
    /** How often that time doubles for a peer that does not reply: up to 80 minutes. */
    doublings: 4,
    /** Pings of one attempt, each on another relay if there is one: one may have been lost. */
    tries: 2,
    /** Time for the pong: ten times what slow relays take. */
    waitSeconds: 10,
    /** How often overdue contacts are looked for: a tenth of the time that may pass until their state is right. */
    checkSeconds: 30,
    /** Time that a caller waits for the pong of a peer that it asks for. */
    callerWaitMs: 1_500,
    /** Attempts that callers may start in a row. */
    callerBurst: 10,
    /** Attempts that callers may start a minute: a model may ask for one peer after the other. */
    callerPerMinute: 20,
    /** Percent of the day's budget for pongs: 20 contacts every five minutes. With more, each is asked less often. */
    budgetPercent: 20,
    /** Attempts in a row, after a start say: as many contacts as most agents have. */
    burst: 20,
    /** Bytes of a ping or pong with its frame, for the plan. */
    eventBytes: 1_750,
    /** Peers of which we remember how they reply. */
    peers: 1_000,
    /** Hours for which a relay that refuses a ping gets no other. */
    refusedHours: 24,
    /** Age of a ping from which on it is ignored: a relay may send it again. Clocks that differ by more are corrected. */
    freshSeconds: 120,
    /** Time between two pongs to one peer on one relay: a ping that is repeated at once. */
    replyPauseSeconds: 5,
    /** Pongs in a row: all contacts may start at the same time. */
    repliesBurst: 60,
    /** Pongs a minute: 500 contacts every five minutes. */
    repliesPerMinute: 120,
  },
  /** Agents online beyond which we send no kind 1 notes: kind 31337 says the same, and people read notes. */
  notesMaxOnline: 100,
  /** Seconds after a kind 1 note in which a NOTICE counts as being about it. */
  noteNoticeSeconds: 5,
  /** Peers whose relay lists are requested with one filter. */
  relayListBatch: 50,
  /** Time until a peer's relay list is requested again. */
  relayListHours: 24,
  /** Time until it is requested again for a peer that is online and does not confirm messages: it may use other relays now. */
  relayListSilentMinutes: 5,
  /** Peers remembered as asked. */
  relayListPeers: 5_000,
} as const;
