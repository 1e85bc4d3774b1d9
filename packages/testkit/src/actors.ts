import { createHash } from 'node:crypto';
import type { Pubkey } from '@ocmesh/shared/contract';
import { getPublicKey } from 'nostr-tools/pure';

/** A person in a test, with a key pair. */
export interface Actor {
  readonly name: string;
  readonly secretKey: Uint8Array;
  readonly pubkey: Pubkey;
}

/** Returns the key pair for a name, always the same. */
export function actor(name: string): Actor {
  const secretKey = Uint8Array.from(createHash('sha256').update(name).digest());
  return { name, secretKey, pubkey: getPublicKey(secretKey) as Pubkey };
}
