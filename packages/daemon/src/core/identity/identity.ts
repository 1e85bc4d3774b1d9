import { fromHex, type Random, toHex } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type EventDraft, kinds, type NostrEvent } from '@ocmesh/shared/wire';
import type { CryptoEngine } from '../ports/crypto-engine.ts';
import type { Store } from '../ports/store.ts';
import { toNpub } from './public-key-text.ts';

/** The agent's key pair, as things to do with it: the secret key never leaves this closure. */
export interface Identity {
  readonly pubkey: Pubkey;
  readonly npub: string;
  sign(draft: EventDraft): NostrEvent;
  /** A signed kind 4 event with the plaintext sealed for the peer (NIP-04). */
  sealDm(peer: Pubkey, plaintext: string, createdAtSec: number): NostrEvent;
  /** The plaintext of a kind 4 event that its author sealed for us. Throws when it was not. */
  openDm(event: NostrEvent): string;
}

/** Loads the key pair of this home, or makes one on first run and waits until it is on disk. */
export async function loadOrCreateIdentity(deps: {
  readonly store: Store;
  readonly engine: CryptoEngine;
  readonly random: Random;
}): Promise<{ identity: Identity; created: boolean }> {
  const { store, engine, random } = deps;
  const stored = await store.read((tables) => tables.meta.get('secret_key'));
  const secretKey = stored === null ? newSecretKey(engine, random) : fromHex(stored);
  if (stored === null) await store.transaction((tables) => tables.meta.set('secret_key', toHex(secretKey)));
  return { identity: createIdentity(engine, secretKey), created: stored === null };
}

/** Almost every 32 bytes are a valid key; the engine refuses the rest. */
function newSecretKey(engine: CryptoEngine, random: Random): Uint8Array {
  for (;;) {
    const candidate = random.bytes(32);
    try {
      engine.publicKey(candidate);
      return candidate;
    } catch {
      // Zero or beyond the curve's order: once in 2^128.
    }
  }
}

function createIdentity(engine: CryptoEngine, secretKey: Uint8Array): Identity {
  const pubkey = engine.publicKey(secretKey);
  const sign = (draft: EventDraft): NostrEvent => engine.sign(draft, secretKey);
  return {
    pubkey,
    npub: toNpub(pubkey),
    sign,
    sealDm: (peer, plaintext, createdAtSec) =>
      sign({
        kind: kinds.encryptedDm,
        created_at: createdAtSec,
        tags: [['p', peer]],
        content: engine.nip04.seal(secretKey, peer, plaintext),
      }),
    openDm: (event) => engine.nip04.open(secretKey, event.pubkey, event.content),
  };
}
