import type { Clock, Random } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { CryptoEngine } from '../ports/crypto-engine.ts';
import { newSecretKey } from './new-secret-key.ts';

/** Single-use key of one gift wrap (NIP-59), with the secret it shares with the recipient. */
export interface WrapKey {
  readonly recipient: Pubkey;
  readonly secretKey: Uint8Array;
  seal(plaintext: string): string;
}

interface Deps {
  readonly engine: CryptoEngine;
  readonly random: Random;
}

/** Makes a key for one gift wrap. Throws if the recipient is not a point of the curve. */
export function newWrapKey({ engine, random }: Deps, recipient: Pubkey): WrapKey {
  const secretKey = newSecretKey(engine, random);
  return { recipient, secretKey, seal: engine.nip44Once.sealer(secretKey, recipient) };
}

/** Delay before a key is prepared: long enough to store and publish the message first. */
const PREPARE_MS = 50;
/** Recipients for whom a key is kept ready. */
const MAX_READY = 16;

/**
 * Returns a function that hands out keys for gift wraps. Making a key is half the cost of a wrap. We will probably
 * write to the same recipient again, so the next key is made while nobody waits.
 */
export function createWrapKeys(deps: Deps & { readonly clock: Clock }): (recipient: Pubkey) => WrapKey {
  const ready = new Map<Pubkey, WrapKey>();
  const planned = new Set<Pubkey>();

  function prepare(recipient: Pubkey): void {
    planned.delete(recipient);
    ready.set(recipient, newWrapKey(deps, recipient));
    if (ready.size > MAX_READY) ready.delete(ready.keys().next().value as Pubkey);
  }

  return (recipient) => {
    const key = ready.get(recipient) ?? newWrapKey(deps, recipient);
    ready.delete(recipient);
    if (!planned.has(recipient)) deps.clock.after(PREPARE_MS, () => prepare(recipient));
    planned.add(recipient);
    return key;
  };
}
