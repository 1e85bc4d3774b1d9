/** Nostr event kinds that ocmesh uses, each with the NIP that defines it. */
export const kinds = {
  /** NIP-10 short text note: one of the two presence forms. */
  note: 1,
  /** NIP-04 encrypted direct message. */
  encryptedDm: 4,
  /** NIP-09 deletion request. */
  deletion: 5,
  /** NIP-59 seal: a rumor, encrypted and signed by its author. */
  seal: 13,
  /** NIP-17 chat message: a rumor, never signed. */
  privateDm: 14,
  /** NIP-59 gift wrap. */
  giftWrap: 1059,
  /** NIP-65 list of the relays that somebody reads and writes. */
  relayList: 10002,
  /** NIP-17 list of the relays on which somebody takes gift wraps. */
  dmRelayList: 10050,
  /** NIP-42 answer to a relay's challenge. */
  clientAuth: 22242,
  /** Addressable presence of the mesh, replaced at each announcement. */
  presence: 31337,
} as const;

/** NIP-01 ranges: which events replace one another, and which are never stored. */
export const isReplaceable = (kind: number): boolean =>
  kind === 0 || kind === 3 || (kind >= 10_000 && kind < 20_000);
export const isEphemeral = (kind: number): boolean => kind >= 20_000 && kind < 30_000;
export const isAddressable = (kind: number): boolean => kind >= 30_000 && kind < 40_000;
