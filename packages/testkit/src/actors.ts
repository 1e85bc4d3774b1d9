import { createHash } from 'node:crypto';
import type { Pubkey } from '@ocmesh/shared/contract';
import { getPublicKey } from 'nostr-tools/pure';

/** Somebody in a test. */
export interface Actor {
  readonly name: string;
  readonly secretKey: Uint8Array;
  readonly pubkey: Pubkey;
}

/** The same name is always the same key pair. */
export function actor(name: string): Actor {
  const secretKey = Uint8Array.from(createHash('sha256').update(name).digest());
  return { name, secretKey, pubkey: getPublicKey(secretKey) as Pubkey };
}
