/** Nostr event kinds that ocmesh uses, each with the NIP that defines it. */
export const kinds = {
  /** NIP-10 short text note: one of the two forms of presence. */
  note: 1,
  /** NIP-04 encrypted direct message. */
  encryptedDm: 4,
  /** NIP-09 deletion request. */
  deletion: 5,
  /** NIP-59 seal: a rumor, encrypted and signed by its author. */
  seal: 13,
  /** NIP-17 chat message: a rumor, never signed. */
  privateDm: 14,
  /** NIP-17 file message: a rumor, never signed. */
  privateFile: 15,
  /** Edit of a chat message: a rumor of some clients of NIP-17. */
  edit: 1010,
  /** NIP-59 gift wrap. */
  giftWrap: 1059,
  /** NIP-59 ephemeral gift wrap: relays pass it on and do not keep it. */
  ephemeralWrap: 21059,
  /** NIP-65 list of the relays that a key reads from and writes to. */
  relayList: 10002,
  /** NIP-17 list of the relays on which a key accepts gift wraps. */
  dmRelayList: 10050,
  /** NIP-42 response to a relay's challenge. */
  clientAuth: 22242,
  /** Addressable presence of the mesh, replaced by each announcement. */
  presence: 31337,
} as const;

/** Ranges of NIP-01: events that replace one another, and events that relays do not store. */
export const isReplaceable = (kind: number): boolean =>
  kind === 0 || kind === 3 || (kind >= 10_000 && kind < 20_000);
export const isEphemeral = (kind: number): boolean => kind >= 20_000 && kind < 30_000;
export const isAddressable = (kind: number): boolean => kind >= 30_000 && kind < 40_000;
