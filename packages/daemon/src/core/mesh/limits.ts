/** Limits of discovery. */
export const meshLimits = {
  /** Time without a sign of life after which a peer counts as offline: three announcements, as in the deployed mesh. */
  onlineWindowMinutes: 15,
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
    /** Seconds by which a scan reaches behind the start of the one before: a relay may get a presence that late. */
    overlapSeconds: 300,
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
    /** Searches in a row that may ask relays. */
    burst: 3,
    /** Searches a minute that may ask relays: a model that asks for the same thing over and over costs them no more. */
    perMinute: 6,
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
