import type { Clock, Random } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { CryptoEngine } from '../ports/crypto-engine.ts';
import { newSecretKey } from './new-secret-key.ts';

/** The key of one gift wrap (NIP-59), with what it shares with the recipient. Never used for another one. */
export interface WrapKey {
  readonly recipient: Pubkey;
  readonly secretKey: Uint8Array;
  seal(plaintext: string): string;
}

interface Deps {
  readonly engine: CryptoEngine;
  readonly random: Random;
}

/** Throws for a recipient that is no point of the curve. */
export function newWrapKey({ engine, random }: Deps, recipient: Pubkey): WrapKey {
  const secretKey = newSecretKey(engine, random);
  return { recipient, secretKey, seal: engine.nip44Once.sealer(secretKey, recipient) };
}

/** Long enough that the message, its disk and its relays come first. */
const PREPARE_MS = 50;
/** Recipients for whom a key lies ready. */
const PREPARED = 16;

/**
 * Keys for gift wraps. Making one is half of what a wrap costs; whom we wrote to a moment ago we probably write to
 * again, so the next one is made while nobody waits.
 */
export function createWrapKeys(deps: Deps & { readonly clock: Clock }): (recipient: Pubkey) => WrapKey {
  const ready = new Map<Pubkey, WrapKey>();
  const planned = new Set<Pubkey>();

  function prepare(recipient: Pubkey): void {
    planned.delete(recipient);
    ready.set(recipient, newWrapKey(deps, recipient));
    if (ready.size > PREPARED) ready.delete(ready.keys().next().value as Pubkey);
  }

  return (recipient) => {
    const key = ready.get(recipient) ?? newWrapKey(deps, recipient);
    ready.delete(recipient);
    if (!planned.has(recipient)) deps.clock.after(PREPARE_MS, () => prepare(recipient));
    planned.add(recipient);
    return key;
  };
}
