/** Limits of what a relay or a peer may send. */
export const wireLimits = {
  event: {
    /** Content of an encrypted event: NIP-04 of the largest payload, doubled by base64 and other clients' padding. */
    contentBytes: 64 * 1024,
    /** Our presences have at most 31 tags, our relay lists one a relay. Some relays refuse more than 100. */
    tags: 100,
    /** One tag value: strfry's limit. */
    tagChars: 1024,
    /** How far an event may be dated ahead of our clock: strfry's limit. */
    futureSeconds: 900,
  },
  frame: {
    /** One frame from a relay that we read: four times the largest event that we take. The rest of a larger one is dropped as it comes. */
    bytes: 256 * 1024,
    /** A NIP-42 challenge: real ones have 16 to 64 characters. */
    challengeChars: 1024,
  },
} as const;
