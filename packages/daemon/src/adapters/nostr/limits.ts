/** Limits of a connection to a relay: what it may send, and how long we wait. */
export const nostrLimits = {
  connection: {
    /** Time for the WebSocket handshake: a slower relay is as good as down. */
    handshakeMs: 10_000,
    /** Silence after which we ping. */
    pingMs: 30_000,
    /** Time for the pong; then we disconnect. */
    pongMs: 10_000,
    /** Time for the pong after the machine woke up, when connections are in doubt. */
    wakePongMs: 5_000,
    /** Bytes queued for a slow relay before we disconnect. */
    bufferedBytes: 4 * 1024 * 1024,
    /** NOTICEs of one connection that are logged. */
    notices: 20,
  },
  reply: {
    /** Time for an `OK`. */
    okMs: 10_000,
    /** Time for the answer to a `COUNT`: a relay that takes longer has to read all events for it. */
    countMs: 5_000,
    /** Time for the first response to a `REQ` while nothing came from the relay. Doubled for each further try. */
    reqMs: 5_000,
    /** Time for the first response to a `REQ` of a relay that responds to other things: it is slow. Doubled for each further try. */
    reqSlowMs: 30_000,
    /** How often a `REQ` is sent: some relays lose one that comes right after the connection opens. */
    reqTries: 3,
    /** Pause before a subscription closed as `rate-limited` is requested again. */
    reqRateLimitedSeconds: 60,
    /** Pause before a subscription closed for another reason is requested again. */
    reqClosedSeconds: 300,
  },
  reconnect: {
    /** First pause before a new connection attempt. */
    firstMs: 1_000,
    /** Longest pause. */
    maxMs: 300_000,
    /** Longest pause while no relay is connected. */
    aloneMaxMs: 8_000,
    /** Time for which a connection must last before the pauses start over. */
    stableMs: 10_000,
    /** Shortest pause for a peer's relay: it is used for a few writes and seldom missed. */
    peerRelayMs: 15_000,
  },
  backoff: {
    /** Back-off of a relay that refused us permanently: membership and payment change slowly. */
    refusedHours: 6,
    /** A disconnect within this time counts as part of the refusal before it. */
    refusedCloseSeconds: 60,
    /** Back-off after HTTP 429 that names no time. */
    tooManyMinutes: 10,
    /** The longest back-off that a 429 may ask for. */
    tooManyMaxMinutes: 60,
    /** Back-off of a relay that used up its reputation. */
    misbehavedMinutes: 60,
    /** Back-off of a relay that sent more than `inbound.oversizedBytesPerDay`. */
    oversizedMinutes: 60,
  },
  reputation: {
    /** Points that a relay may lose by misbehaviour: ten bad signatures at once. */
    points: 100,
    /** Points regained per minute: one bad signature. */
    perMinute: 10,
  },
  inbound: {
    /** Frames of one relay in one turn of the event loop: about 1 ms of parsing. */
    framesPerTurn: 64,
    /** Frames a second accepted from one relay; then it has to wait. */
    framesPerSecond: 5_000,
    /** Bytes a second accepted from one relay. */
    bytesPerSecond: 8 * 1024 * 1024,
    /** Seconds worth of frames and bytes that a relay may send at once. */
    burstSeconds: 3,
    /** Bytes of frames larger than we read that one relay may send in a day. With less than half of them left, it gets no more queries. */
    oversizedBytesPerDay: 256 * 1024 * 1024,
  },
  query: {
    /** Subscriptions on one relay: two permanent ones and four queries. nostream allows 10. */
    subscriptions: 6,
    /** Time for a whole query. Doubled after one that got no response. */
    ms: 30_000,
    /** Longest time for a whole query, on a slow relay. */
    slowMs: 120_000,
    /** Time for which a query stays open after its EOSE: some relays send an event behind it. */
    lingerMs: 1_000,
    /** Events that are taken behind the EOSE of a query: as many as relays send for one. */
    lateEvents: 500,
    /** Closed queries whose filters are remembered, for events that were under way. */
    remembered: 32,
    /** Events that one query may return: relays usually stop at 500. */
    events: 5_000,
    /** Bytes of frames that one query may return. */
    bytes: 16 * 1024 * 1024,
  },
  info: {
    /** Size of a NIP-11 document. */
    bytes: 64 * 1024,
    /** Time to fetch a NIP-11 document. */
    ms: 5_000,
    /** NIPs that a NIP-11 document may name: about 100 exist. */
    nips: 200,
    /** How long a NIP-11 document is used. */
    hours: 24,
    /** Time until we try again to fetch a missing NIP-11 document. */
    retryMinutes: 5,
    /** Smallest `max_message_length` that we respect: no event fits into less. */
    messageFloorBytes: 1024,
  },
  /** NIP-42 responses per relay and minute: each costs a signature, and a relay may send any number of challenges. */
  authsPerMinute: 6,
  proxy: {
    /** Time until the proxy has connected us to a relay: Tor takes up to 10 s for an onion service. */
    tunnelMs: 15_000,
    /** Size of the header with which an HTTP proxy responds: Node's own default, whatever NODE_OPTIONS says. */
    headerBytes: 16 * 1024,
    /** Shortest pause between two log lines about a proxy that does not work. */
    logMinutes: 10,
  },
  peerRelay: {
    /** Connections to relays of peers at the same time. */
    connections: 16,
    /** Time without use after which a connection to a peer's relay is closed. */
    idleMinutes: 2,
  },
} as const;
