/** Limits that the daemon and its clients share. */
export const limits = {
  message: {
    /** Characters (code points) of a message's text, as agreed on by the agents of the mesh. */
    chars: 4096,
    /** A payload before encryption. A gift wrap of 20,000 bytes makes a 39 KB event, and relays refuse events of 64 KiB. */
    plaintextBytes: 20_000,
    /** A message id: ours have 32 characters, event ids 64. */
    idChars: 128,
    /** The type of a message, for example `text` or `task.request`. */
    typeChars: 64,
    /** Characters of a subject that are kept (NIP-17). */
    subjectChars: 256,
    /** The name of a field in a message's `data`. */
    dataKeyChars: 64,
    /** Levels of nesting in a message's `data`: `JSON.stringify` overflows the stack at a few thousand. */
    dataLevels: 32,
    /** Time for which delivery is attempted. Receivers look back equally far. */
    days: 7,
  },
  peer: {
    /** A public key in a request: an `nprofile` includes relays. */
    keyTextChars: 2_000,
    /** First digits of a key that are enough to name a known peer: made-up keys that share 8 take 2^32 tries. */
    handleDigits: 8,
    /** A peer's name. */
    nameChars: 64,
    /** A peer's description of itself. */
    aboutChars: 500,
    /** The owner's name for a peer. */
    aliasChars: 64,
    /** The owner's note on a peer. */
    noteChars: 500,
    /** Features that one peer may claim, and capabilities. */
    claims: 32,
    /** One feature or capability. */
    claimChars: 64,
  },
  profile: {
    /** Our description of ourselves: it goes out with every presence. */
    aboutChars: 140,
    /** Our capabilities: one tag each in every presence, and relays refuse events with too many. */
    capabilities: 16,
    /** One of our capabilities: long enough for three words. */
    capabilityChars: 32,
  },
  relay: {
    /** Own relays: each costs a connection and a copy of every event. */
    own: 32,
    /** Relays of one peer's list that we write to, besides our own. */
    perPeer: 3,
    /** A relay's URL. */
    urlChars: 512,
    /** A relay's reason; the rest is cut. */
    reasonChars: 200,
  },
  http: {
    /** A request body: four times the largest legal message with its data. */
    bodyBytes: 64 * 1024,
    /** All headers of a request: curl sends 100 bytes, a browser 2 KiB. */
    headerBytes: 8 * 1024,
    /** Header lines of a request. */
    headers: 100,
    /** Time for a whole request: a client on the same machine needs a millisecond. */
    requestMs: 10_000,
    /** Rows of one page; also the default. */
    pageRows: 1000,
    /** A search text. */
    searchChars: 256,
    /** Default number of peers that a search with `can` returns: the best ones come first. */
    foundPeers: 20,
    /** An `Idempotency-Key`: a UUID has 36 characters. */
    idempotencyKeyChars: 128,
    /** Maximum time of `GET /messages/wait`: MCP clients give up after 60 s. */
    waitSeconds: 55,
    /** Default time of `GET /messages/wait`. */
    waitDefaultSeconds: 25,
    /** Time between two comments on an event stream. A client that reads nothing for two of them is disconnected. */
    commentSeconds: 15,
  },
} as const;
