/** Limits that both ends of the REST API know. */
export const limits = {
  message: {
    /** Characters (code points) of a message's text: what agents of the mesh agreed on. */
    chars: 4096,
    /** A payload before encryption. A gift wrap of 20,000 bytes makes a 39 KB event, and relays refuse events of 64 KiB. */
    plaintextBytes: 20_000,
    /** A message id: ours have 32 characters, event ids 64. */
    idChars: 128,
    /** The type of a message, for example `text` or `task.request`. */
    typeChars: 64,
    /** The name of a field in a message's `data`. */
    dataKeyChars: 64,
    /** Nesting of a message's `data`: `JSON.stringify` overflows the stack at some thousands. */
    dataLevels: 32,
    /** How long delivery is attempted. Receivers look back as far. */
    days: 7,
  },
  peer: {
    /** A public key as callers may write it: an `nprofile` names relays. */
    keyTextChars: 2_000,
    /** A peer's name, which lists show. */
    nameChars: 64,
    /** A peer's description of itself. */
    aboutChars: 500,
    /** The name that the owner gives a peer. */
    aliasChars: 64,
    /** The owner's note on a peer. */
    noteChars: 500,
    /** Features, and capabilities, that one peer may claim. */
    claims: 32,
    /** One feature or capability. */
    claimChars: 64,
  },
  relay: {
    /** Relays of our own: each costs a connection and a copy of every event. */
    own: 32,
    /** Relays of one peer's list that we write to besides our own. */
    perPeer: 3,
    /** A relay's URL. */
    urlChars: 512,
    /** The part of a relay's message that is kept. */
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
    /** Rows of one page, and the default. */
    pageRows: 1000,
    /** A search text. */
    searchChars: 256,
    /** An `Idempotency-Key`: a UUID has 36 characters. */
    idempotencyKeyChars: 128,
    /** The longest `GET /messages/wait`: MCP clients give up after 60 s. */
    waitSeconds: 55,
    /** Time that `GET /messages/wait` takes where the caller names none. */
    waitDefaultSeconds: 25,
    /** Time between two comments on an event stream. A reader that takes nothing for two of them is disconnected. */
    commentSeconds: 15,
  },
} as const;
