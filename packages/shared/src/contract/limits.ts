/**
 * The bounds of ocmesh, each with its unit and its reason: above all what others can make us do, keep or wait for. What
 * only sets our own pace, or shares out room within such a bound, stands where it is used.
 */
export const limits = {
  /** Characters (code points) of one message: what agents of the mesh agree on. */
  contentChars: 4096,
  /** Bytes of one plaintext payload before sealing: a NIP-17 wrap of 20,000 bytes makes a 39 KB event, and relays refuse 64 KiB. */
  plaintextBytes: 20_000,
  /** Characters of a message's id: ours have 32, those of events 64. */
  messageIdChars: 128,
  /** Characters of a message's type, and of the name of a field in its data. */
  messageTypeChars: 64,
  dataKeyChars: 64,
  /** Characters of a public key as callers may write it: an nprofile names relays. */
  pubkeyTextChars: 2_000,
  /** Levels of nesting in a payload's data: JSON.stringify runs out of stack at some thousands. */
  dataLevels: 32,
  /** Bytes of one REST request body: the largest legal message with its data, four times over. */
  restBodyBytes: 64 * 1024,
  /** Bytes and lines of one REST request's headers: curl sends 100 bytes, a browser 2 KiB. */
  httpHeaderBytes: 8 * 1024,
  httpHeaders: 100,
  /** Milliseconds for a request's headers, and for all of it: a client on the same machine needs one. Answers take longer. */
  httpHeadersMs: 5_000,
  httpRequestMs: 10_000,
  /** Milliseconds for a client to take its answer, which waits in memory; streams have a rule of their own. */
  httpAnswerMs: 30_000,
  /** Milliseconds that a connection may idle between two requests. */
  httpIdleMs: 5_000,
  /** Connections: enough that slow clients cannot lock everybody out, few enough to bound memory. */
  httpConnections: 256,
  /** Rows of one page, and the default. */
  pageRows: 1000,
  /** Characters of a search text. */
  searchChars: 256,
  /** Seconds that `GET /messages/wait` may take: below the 60 s after which MCP clients give up. */
  waitSeconds: 55,
  /** Seconds that it takes where the caller names none. */
  waitDefaultSeconds: 25,
  /** Simultaneous `wait` calls: one per agent on the machine is usual, each holds a socket. */
  waiters: 32,
  /** Simultaneous event streams, each with a socket of its own. */
  eventStreams: 32,
  /** Events kept for a client that comes back: a few minutes of a busy mesh. */
  eventsKept: 1000,
  /** Seconds between two comments on a stream; a reader that takes nothing from one to the next but one is cut off. */
  eventCommentSeconds: 15,
  /** Milliseconds after which a client shall come back to a stream that broke. */
  eventRetryMs: 3_000,
  /** Rows that one `wait` answers with; the cursor fetches the rest. */
  waitRows: 100,
  /** Messages waiting to go out. More means that no relay takes anything: tell the caller. */
  outboxQueued: 10_000,
  /** Messages kept; the oldest that nobody waits for go first. 100,000 of 300 bytes take 260 MB of memory. */
  storedMessages: 100_000,
  /** Bytes of message text kept, for messages that are longer than usual. */
  storedMessageBytes: 64 * 1024 * 1024,
  /** Bytes of free disk beside the store's own size: below these it is about to refuse, or will before long. */
  diskLeastBytes: 2 * 1024 * 1024,
  diskFewBytes: 200 * 1024 * 1024,
  /** Days a message is kept. */
  messageDays: 365,
  /** Days the id of an event is kept: longer than the longest look back, so that nothing old counts as new. */
  seenDays: 30,
  /** Ids of events kept: 40 MB. Where more come, a catch-up looks back only as far as they reach. */
  seenIds: 200_000,
  /** Messages removed at once when there is no room, so that it is not done again for each message. */
  pruneBatch: 1_000,
  /** Hours for which an `Idempotency-Key` is remembered. */
  idempotencyHours: 24,
  /** Characters of an `Idempotency-Key`: a UUID is 36. */
  idempotencyKeyChars: 128,
  /** Days after which an undelivered message is given up; receivers look back as far. */
  outboxDays: 7,
  /** Events sent to one relay that wait for their OK: enough to fill a slow connection. */
  relayInFlight: 32,
  /** Milliseconds in which the answers of several relays gather to one write to the disk: with five relays 3 a message instead of 5, and nobody notices. */
  answersGatherMs: 20,
  /** Events that may be written to a public relay at once, and then in a minute: most allow 6 to 12, counted per address. */
  relayWriteBurst: 20,
  relayWritesPerMinute: 10,
  /** Seconds without writes after a relay's `rate-limited`, where it names none, and the most that it may name. */
  rateLimitedSeconds: 60,
  rateLimitedMaxSeconds: 3_600,
  /** Hours for which a relay that refuses us is written nothing more, while another takes it. */
  refusedWriteHours: 24,
  /** Minutes after which a message that no relay took is signed anew: relays and receivers look at `created_at`. */
  resignMinutes: 10,
  /** Times one message is signed anew: a relay that finds fault with every date does not know its own time. */
  resigns: 5,
  /** Messages that one receipt names: with the longest ids they and the repeated ones fill `plaintextBytes`. */
  receiptIds: 130,
  /** Earlier receipts that go out once more with the next one, and the hours for which they are worth it. */
  receiptRepeats: 20,
  receiptRepeatHours: 24,
  /** Seconds to look back for messages after a short break in a connection. */
  catchUpShallowSeconds: 600,
  /** Events asked for in one page of a catch-up: relays' usual `max_limit`. */
  catchUpPage: 500,
  /** Bytes of stored events of one kind that are held at once, to be put in order. */
  catchUpHeldBytes: 8 * 1024 * 1024,
  /** Pages of one catch-up: a relay that never runs dry is lying. */
  catchUpPages: 200,
  /** Days that a gift wrap may be dated back (NIP-59). */
  giftWrapBackdatedDays: 2,
  /** Minutes between two deep catch-ups on one relay, so that a flapping one is not asked for a week each time. */
  catchUpDeepEveryMinutes: 60,

  /** Bytes of a message inside its gift wrap: padded and encoded twice, one more makes an event above 64 KiB. */
  rumorBytes: 28 * 1024,
  /** Milliseconds by which the time in an envelope may differ from its event's seconds and still be believed. */
  envelopeTimeMs: 2_000,
  /** Seconds after an answer to a peer's query in which it gets no other: each costs a signature and a write. */
  queryAnswerSeconds: 5,
  /** Minutes after which an answer that no relay took is dropped, and peers remembered for the seconds above. */
  queryAnswerMinutes: 10,
  queryAnswerPeers: 1_000,

  /** Bytes of one relay frame: four times the event that relays take. */
  frameBytes: 256 * 1024,
  /** Bytes of one event's content: NIP-04 of `plaintextBytes`, doubled by base64 and other clients' padding. */
  eventContentBytes: 64 * 1024,
  /** Bytes of content of a presence or relay list: they say nothing in it. */
  publicContentBytes: 4 * 1024,
  /** Tags of one event: our presences have twelve at most, our relay lists `relays`; some relays refuse more than 100. */
  eventTags: 100,
  /** Characters of one tag value: strfry's bound. */
  tagValueChars: 1024,
  /** Seconds an event may be dated ahead of our clock: strfry's bound. */
  futureSeconds: 900,
  /** Received events that wait for their signature check, and their bytes; the fullest queue loses what is more. */
  ingestQueue: 10_000,
  ingestQueueBytes: 16 * 1024 * 1024,
  /** Signature checks per turn of the event loop: 16 take about 25 ms with the slow engine. */
  verificationsPerTurn: 16,
  /** Events whose signatures are being checked in another thread: as many as keep it at work, and the next still goes soon. */
  verificationsBeside: 96,

  /** Signature checks that a relay gets at once and a second for contacts and whom our agent wrote to, whatever else it floods us with. */
  familiarEventsBurst: 1_000,
  familiarEventsPerSecond: 50,
  /** The same for presences and relay lists of other peers that we know: 10,000 of them, twice every 5 minutes, are 67 a second. */
  knownPresencesBurst: 2_000,
  knownPresencesPerSecond: 100,
  /** All relays together. */
  knownPresencesAllBurst: 5_000,
  knownPresencesAllPerSecond: 200,
  /** The same for keys that we never met. At once: what one first scan brings. */
  newPeersBurst: 500,
  newPeersPerSecond: 10,
  /** All relays together: in 5 minutes 6,000 of 10,000 places, so who announces itself so often is not washed out. */
  newPeersAllBurst: 1_000,
  newPeersAllPerSecond: 20,
  /** The same for messages of strangers whose sender shows (NIP-04); what is more waits for the next catch-up. */
  strangersEventsBurst: 2_000,
  strangersEventsPerSecond: 20,
  /** All relays together: 2 % of a core. */
  strangersEventsAllBurst: 2_000,
  strangersEventsAllPerSecond: 40,
  /** The same for gift wraps; there is more room, because contacts' are among them and do not show. */
  giftWrapsBurst: 2_000,
  giftWrapsPerSecond: 100,
  /** All relays together: a sixth of a core. */
  giftWrapsAllBurst: 5_000,
  giftWrapsAllPerSecond: 200,
  /** Messages of one stranger, at once and a minute: faster than anybody reads. */
  strangerMessagesBurst: 60,
  strangerMessagesPerMinute: 20,
  /** Strangers whose rates and unread messages are kept count of at a time. */
  countedPeers: 2_000,
  /** Unread messages of one stranger, and their bytes: what is more is dropped. Three weeks of a talkative one. */
  strangerMessages: 1_000,
  strangerBytes: 1024 * 1024,
  /** The same of all strangers together: fewer than peers, because who has messages here is not forgotten. */
  strangersMessages: 5_000,
  strangersBytes: 16 * 1024 * 1024,
  /** Ids of dropped messages that are kept, so that the other relays' copies cost nothing: 2 MB. */
  droppedIds: 20_000,
  /** Keys that we never met whose goodbye is remembered, so that what they said before makes nobody of them. */
  goodbyes: 1_000,
  /** Receipts and answers to strangers, at once and a minute: each costs a signature and a place in relays' rations. */
  strangerAnswersBurst: 60,
  strangerAnswersPerMinute: 30,

  /** Peers that are remembered: 30 MB. More are too many to choose from; the least recently seen strangers make room. */
  peers: 10_000,
  /** Strangers forgotten at once, so that it is not done again for each newcomer. */
  peersEvicted: 100,
  /** Hellos in a minute and in 24 hours: each costs a signature and five writes, and whoever makes up keys makes us pay. */
  hellosPerMinute: 6,
  hellosPerDay: 200,

  /** Characters of a peer's name: shown in lists. */
  peerNameChars: 64,
  /** Characters of a peer's own description. */
  peerAboutChars: 500,
  /** Characters of the name that the owner gives a peer. */
  aliasChars: 64,
  /** Characters of the owner's note on a peer. */
  noteChars: 500,
  /** Strangers whose messages are held for the owner, messages of each, and days: what nobody looks at goes. */
  heldStrangers: 100,
  heldMessages: 3,
  heldDays: 14,
  /** Strangers whom our agent writes to first in an hour without its owner: one that was talked into telling everybody stops there. */
  firstContactsPerHour: 30,
  /** Strangers whom our agent may ask the owner to let it write to, and the characters shown of what it wanted to say. */
  contactWishes: 50,
  contactWishChars: 280,
  /** Seconds within which an answer counts as automatic: people rarely read and answer faster for long. */
  autoSeconds: 60,
  /** Automatic messages to one peer in an hour, a stranger's and a contact's; more look like two programs talking for ever. */
  autoPerHour: 30,
  autoPerHourContact: 120,
  /** Automatic messages in a row, over however many agents, after which it is a loop: also a slow one shall end. */
  autoHops: 500,
  /** Minutes after which a paused conversation may go on by itself. */
  loopPauseMinutes: 60,
  /** Features or capabilities one peer may claim, and the characters of each. */
  peerClaims: 32,
  peerClaimChars: 64,

  /** Minutes without a sign of life after which a peer counts as offline: three announcements, as in the deployed mesh. */
  onlineWindowMinutes: 15,

  /** Minutes after which a published message that an online peer should have confirmed makes it silent. */
  silentMinutes: 10,

  /** Bytes of one result of an MCP tool, as an object and as text: more fills a model's context with little use. */
  toolResultBytes: 20_000,
  /** Characters of a body in a list of such a result; `get_message` has the rest. */
  toolListedChars: 1_000,

  /** Relays of our own: each costs a connection and a copy of every event. */
  relays: 32,
  /** Characters of a relay's address. */
  relayUrlChars: 512,
  /** Characters of a relay's words that are kept, and NOTICEs of one connection that are logged. */
  relayReasonChars: 200,
  relayNotices: 20,
  /** Milliseconds for the WebSocket handshake: a relay that takes longer is as good as down. */
  relayConnectMs: 10_000,
  /** Milliseconds of silence after which we ping, and then after which we hang up. */
  relayPingMs: 30_000,
  relayPongMs: 10_000,
  /** Milliseconds to wait for `OK`. */
  relayOkMs: 10_000,
  /** Milliseconds to wait for the first answer to a `REQ`, and times it is sent: some relays lose one right at open. */
  relayReqMs: 5_000,
  relayReqTries: 3,
  /** Seconds after which a subscription that a relay closed is asked for again: as `rate-limited`, and otherwise. */
  relayReqRateLimitedSeconds: 60,
  relayReqClosedSeconds: 300,
  /** First and longest pause before a new connection attempt, in milliseconds. */
  relayRetryFirstMs: 1_000,
  relayRetryMaxMs: 300_000,
  /** Longest pause while no relay at all is connected, in milliseconds. */
  relayRetryAloneMaxMs: 8_000,
  /** Milliseconds a connection must hold before the pause starts over. */
  relayStableMs: 10_000,
  /** Bytes we let pile up towards a slow relay before we hang up. */
  relayBufferedBytes: 4 * 1024 * 1024,
  /** Bytes and milliseconds for a relay's NIP-11 document. */
  relayInfoBytes: 64 * 1024,
  relayInfoMs: 5_000,
  /** NIPs that it may name: there are about 100. */
  relayInfoNips: 200,
  /** Hours for which that document counts as known, and minutes after which a relay without one is asked again. */
  relayInfoHours: 24,
  relayInfoRetryMinutes: 5,
  /** Smallest `max_message_length` that is taken for a limit (bytes): no event fits into less, so it is a mistake. */
  relayMessageFloorBytes: 1024,
  /** Characters of a NIP-42 challenge: real ones have 16 to 64. */
  authChallengeChars: 1024,
  /** NIP-42 answers a minute and relay: a relay may challenge as often as it likes, each answer costs a signature. */
  relayAuthsPerMinute: 6,
  /** Hours after which a relay that refused us for good is asked again: membership and payment change slowly. */
  relayRefusedHours: 6,
  /** Seconds within which a hang-up counts as part of the refusal before it. */
  relayRefusedHangUpSeconds: 60,
  /** Minutes for which a relay that says 429 is left alone unless it names a time, and the longest it can ask for. */
  relayTooManyMinutes: 10,
  relayTooManyMaxMinutes: 60,
  /** Points a relay may lose by misbehaviour, and how many come back a minute: ten bad signatures at once, one a minute. */
  relayStandingPoints: 100,
  relayStandingPerMinute: 10,
  /** Minutes for which a relay without standing is left alone. */
  relayMisbehavedMinutes: 60,
  /** Frames of one relay per turn of the event loop: about 1 ms of parsing. */
  relayFramesPerTurn: 64,
  /** Frames and bytes a second taken from one relay, and how many seconds of it at once: then the relay has to wait. */
  relayFramesPerSecond: 5_000,
  relayBytesPerSecond: 8 * 1024 * 1024,
  relayBurstSeconds: 3,
  /** Subscriptions of ours on one relay at most: two permanent ones and four questions; nostream allows 10. */
  relaySubscriptions: 6,
  /** Milliseconds for the whole answer to a query. */
  relayQueryMs: 30_000,
  /** Events and bytes of frames that one query may bring; relays' own limit is usually 500 events. */
  relayQueryEvents: 5_000,
  relayQueryBytes: 16 * 1024 * 1024,
  /** Milliseconds for the pong after a wake-up, when connections are in doubt. */
  relayWakePongMs: 5_000,
  /** Relays of peers that are held at the same time, and minutes without use after which one is let go. */
  foreignRelays: 16,
  foreignRelayIdleMinutes: 2,
  /** Shortest pause before one is tried again, in milliseconds: it is there for a few writes, and seldom missed. */
  foreignRelayRetryMs: 15_000,
  /** Relays in use of the default candidates: the first healthy ones, so that all agents overlap. */
  defaultRelays: 5,
  /** Minutes a default relay may fail before the next candidate takes its place, and the hours until it is tried again. */
  relayFailingMinutes: 60,
  relayBenchHours: 24,
  /** Minutes that a benched relay has to show that it works again. */
  relayTrialMinutes: 10,
  /** Relays of one peer's list that we write to beside our own. */
  peerRelays: 3,
  /** Peers whose relay lists are asked for in one query, and hours until they are asked for again. */
  relayListBatch: 50,
  relayListHours: 24,
  /** Peers of whom it is remembered that they were asked for. */
  relayListPeers: 5_000,
  /** Seconds without any relay, or without one to read messages from, after which the daemon calls itself degraded. */
  noRelaySeconds: 15,
  /** Minutes that our clock may differ from those of the relays: they refuse what is dated 15 minutes ahead. */
  clockOffMinutes: 10,
  /** Bytes after which the log file is rotated before its day is over: far more than a day at `info` writes. */
  logFileBytes: 64 * 1024 * 1024,
  /** Rotated log files that are kept, and the bytes of all of them: two weeks, unless something floods the log. */
  logArchives: 14,
  logArchiveBytes: 200 * 1024 * 1024,
  /** Characters of log lines that wait for the disk; what comes while it takes none is dropped and counted. */
  logWaitingChars: 4 * 1024 * 1024,
  /** Wrong tokens a minute that are told so; more are told to wait. The right one passes all the same. */
  wrongTokensPerMinute: 10,
  /** Seconds that the event loop may stand still before a service manager kills and restarts the daemon. */
  watchdogSeconds: 60,
  /** Seconds between two starts of a daemon that only a person can help, under launchd, which would start it for ever. */
  parkFirstSeconds: 5,
  parkMaxSeconds: 300,
  /** Bytes of the service's error log, which nobody rotates, from which on it begins anew at a start. */
  serviceErrorLogBytes: 1024 * 1024,
  /** Milliseconds for a clean stop before the process leaves anyway. */
  drainMs: 5_000,
} as const;
