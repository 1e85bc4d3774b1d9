import type { Pubkey } from '@ocmesh/shared/contract';
import type { EventDraft, NostrEvent, UnsignedEvent } from '@ocmesh/shared/wire';

/**
 * Cipher for direct messages between two keys. Both methods throw if `peer` is not a point of the curve. An engine may
 * keep the secret that two keys share, to save its computation.
 */
interface DmCodec {
  /** Encrypts. The result differs each time. */
  seal(secretKey: Uint8Array, peer: Pubkey, plaintext: string): string;
  /**
   * Decrypts what either of the two keys encrypted for the other. Throws if the payload is malformed, or was made for
   * other keys. NIP-04 has no MAC: with a wrong key it returns noise in one case of 256.
   */
  open(secretKey: Uint8Array, peer: Pubkey, payload: string): string;
}

/**
 * All operations that need secp256k1 (BIP-340) or a message cipher. Synchronous, without side effects but caches, and
 * small on purpose: a faster engine replaces it without touching its users. Every engine passes
 * `crypto-engine.contract.ts`. Secret keys are 32 bytes; the caller owns the array and must not change it afterwards.
 */
export interface CryptoEngine {
  /** Returns the public key. Throws if the bytes are not a valid secret key. */
  publicKey(secretKey: Uint8Array): Pubkey;
  /** Returns the id of an event: the hash of its canonical form in hex (NIP-01). */
  eventId(event: UnsignedEvent): string;
  /** Returns a new event with `pubkey`, `id` and `sig` (NIP-01), without unknown fields. Leaves the draft unchanged. */
  sign(draft: EventDraft, secretKey: Uint8Array): NostrEvent;
  /** Whether `id` is the hash of the event and `sig` its author's signature. Never relies on an earlier result. */
  verify(event: NostrEvent): boolean;
  readonly nip04: DmCodec;
  readonly nip44: DmCodec;
  /** NIP-44 with a single-use key (NIP-59), about which the engine keeps nothing. */
  readonly nip44Once: Pick<DmCodec, 'open'> & {
    /** Does the slow part, which needs no text yet. Throws if `peer` is not a point of the curve. @returns a function that encrypts */
    sealer(secretKey: Uint8Array, peer: Pubkey): (plaintext: string) => string;
  };
}
