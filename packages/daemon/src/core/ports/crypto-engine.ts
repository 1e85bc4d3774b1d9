import type { Pubkey } from '@ocmesh/shared/contract';
import type { EventDraft, NostrEvent, UnsignedEvent } from '@ocmesh/shared/wire';

/** Sealing of direct messages between two keys. `open` throws when the payload was not made for this pair. */
interface DmCodec {
  seal(secretKey: Uint8Array, peer: Pubkey, plaintext: string): string;
  open(secretKey: Uint8Array, peer: Pubkey, payload: string): string;
}

/**
 * Everything that needs secp256k1 (BIP-340) and the two message ciphers.
 * Small on purpose: a faster engine replaces it without touching its users.
 */
export interface CryptoEngine {
  /** 32 bytes → public key. Throws when they are no valid secret key. */
  publicKey(secretKey: Uint8Array): Pubkey;
  /** The id that NIP-01 gives the event: the hash of its canonical form, in hex. */
  eventId(event: UnsignedEvent): string;
  /** Adds `pubkey`, `id` and `sig` (NIP-01). */
  sign(draft: EventDraft, secretKey: Uint8Array): NostrEvent;
  /** Whether `id` is the hash of the event and `sig` its author's signature. Never trusts an earlier answer. */
  verify(event: NostrEvent): boolean;
  readonly nip04: DmCodec;
  readonly nip44: DmCodec;
  /** NIP-44 where one of the keys is used only this once (NIP-59): remembers nothing about it. */
  readonly nip44Once: Pick<DmCodec, 'open'> & {
    /** Does what takes long and needs no text yet; what it returns seals. Throws for a key that is no point. */
    sealer(secretKey: Uint8Array, peer: Pubkey): (plaintext: string) => string;
  };
}
