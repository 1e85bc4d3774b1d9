import { type Clock, fromHex, type Random, toHex } from '@ocmesh/shared/ambient';
import { isHex64, type Pubkey } from '@ocmesh/shared/contract';
import {
  type EventDraft,
  expirationOf,
  kinds,
  type NostrEvent,
  parseEvent,
  tagValues,
} from '@ocmesh/shared/wire';
import type { CryptoEngine } from '../ports/crypto-engine.ts';
import type { Store } from '../ports/store.ts';
import { openPrivateDm, privateDm, UnreadableDmError, type WrapOptions, wrapRumor } from './gift-wrap.ts';
import { newSecretKey } from './new-secret-key.ts';
import { toNpub } from './public-key-text.ts';
import { nip04TestEvent, type TestEventDates, wrapTestEvent } from './test-event.ts';
import { createWrapKeys } from './wrap-keys.ts';

/** The agent's key pair, as operations: the secret key never leaves the closure. */
export interface Identity {
  readonly pubkey: Pubkey;
  readonly npub: string;
  /** @param signer `nobody`: a key made for this event only, which says nothing about us */
  sign(draft: EventDraft, signer?: 'us' | 'nobody'): NostrEvent;
  /** Whether this is a key that can be written to: half of all 64 hex digits are not a point of the curve. */
  isKey(pubkey: Pubkey): boolean;
  /**
   * Encrypts a plaintext for the peer. The event is ready to publish: kind 4, or a gift wrap of kind 1059 or 21059.
   * @throws OcmeshError `content_too_large` when no relay would accept the wrap
   */
  sealDm(
    peer: Pubkey,
    plaintext: string,
    createdAtSec: number,
    codec: DmCodecName,
    options?: SealOptions,
  ): SealedDm;
  /** Returns an event to ourselves, to be published and asked for: what a relay does with it shows whether it works. */
  testEvent(codec: DmCodecName, dates: TestEventDates): NostrEvent;
  /**
   * Decrypts a verified event of kind 4, 1059 or 21059. The author may be ourselves: some clients send themselves copies.
   * @throws UnreadableDmError
   */
  openDm(event: NostrEvent): OpenedDm;
}

/** Only for gift wraps. */
interface SealOptions {
  /** Id of the kind 14 message that this one replies to. */
  readonly replyTo?: string | null;
  /** How the wrap is dated; without it, back-dated from the message's date. */
  readonly wrap?: WrapOptions;
}

interface SealedDm {
  readonly event: NostrEvent;
  /** Id of the event (kind 4) or of the message inside the wrap (kind 14), by which the recipient knows it. */
  readonly id: string;
}

type DmCodecName = 'nip04' | 'nip17';

/** A decrypted direct message. The gift wrap around it shows none of this. */
export interface OpenedDm {
  readonly author: Pubkey;
  readonly plaintext: string;
  /** Date by its author, unchecked: it may be any time, and the wrap's own date says nothing about it. */
  readonly createdAtSec: number;
  /** Id of the event (kind 4) or of the message inside the wrap (kind 14). */
  readonly id: string;
  readonly codec: DmCodecName;
  /** Id of the kind 14 message that this one replies to. */
  readonly replyTo: string | null;
  /** Kind and tags of the event (kind 4), or of the message inside the wrap. */
  readonly kind: number;
  readonly tags: NostrEvent['tags'];
  /** When it may no longer be shown (NIP-40); undefined if it never ends. */
  readonly expiresAtSec: number | undefined;
}

/** Loads the key pair of this home. On first run it creates one, and waits until that is on disk. */
export async function loadOrCreateIdentity(deps: {
  readonly store: Store;
  readonly engine: CryptoEngine;
  readonly random: Random;
  readonly clock: Clock;
}): Promise<{ identity: Identity; created: boolean }> {
  const { store, engine, random } = deps;
  const stored = await store.read((tables) => tables.meta.get('secret_key'));
  const secretKey = stored === null ? newSecretKey(engine, random) : fromHex(stored);
  if (stored === null) await store.transaction((tables) => tables.meta.set('secret_key', toHex(secretKey)));
  return { identity: createIdentity(deps, secretKey), created: stored === null };
}

/** Returns the identity of a given secret key. */
export function createIdentity(
  deps: { readonly engine: CryptoEngine; readonly random: Random; readonly clock: Clock },
  secretKey: Uint8Array,
): Identity {
  const { engine } = deps;
  const wrapKeyFor = createWrapKeys(deps);
  const pubkey = engine.publicKey(secretKey);
  const us = { secretKey, pubkey };
  const sign: Identity['sign'] = (draft, signer = 'us') =>
    engine.sign(draft, signer === 'us' ? secretKey : newSecretKey(engine, deps.random));

  /** Some clients write NIP-44 in kind 4; only NIP-04 names its initialization vector. */
  function openContent(author: Pubkey, content: string): string {
    if (content.includes('?iv=')) return engine.nip04.open(secretKey, author, content);
    const plaintext = engine.nip44.open(secretKey, author, content);
    // What is in a gift wrap is no text.
    if (isEventText(plaintext)) throw new UnreadableDmError();
    return plaintext;
  }

  function openKind4(event: NostrEvent): OpenedDm {
    if (event.kind !== kinds.encryptedDm) throw new UnreadableDmError();
    try {
      const { pubkey: author, created_at: createdAtSec, id, kind, tags, content } = event;
      const plaintext = openContent(author, content);
      const expiresAtSec = expirationOf(event);
      return { author, plaintext, createdAtSec, id, codec: 'nip04', replyTo: null, kind, tags, expiresAtSec };
    } catch {
      throw new UnreadableDmError();
    }
  }

  function openWrap(event: NostrEvent): OpenedDm {
    const rumor = openPrivateDm(engine, us, event, event.kind);
    const {
      pubkey: author,
      content: plaintext,
      created_at: createdAtSec,
      id,
      kind,
      tags,
      expiresAtSec,
    } = rumor;
    const parent = tagValues(rumor, 'e').at(-1);
    const replyTo = isHex64(parent) && kind !== kinds.deletion ? parent : null;
    return { author, plaintext, createdAtSec, id, codec: 'nip17', replyTo, kind, tags, expiresAtSec };
  }

  return {
    pubkey,
    npub: toNpub(pubkey),
    sign,

    isKey(peer) {
      try {
        engine.nip44Once.sealer(secretKey, peer);
        return true;
      } catch {
        return false;
      }
    },

    sealDm(peer, plaintext, createdAtSec, codec, { replyTo = null, wrap } = {}) {
      if (codec === 'nip17') {
        const recipients = [peer];
        const rumor = privateDm(engine, { author: pubkey, recipients, plaintext, createdAtSec, replyTo });
        const event = wrapRumor(deps, us, rumor, wrapKeyFor(peer), wrap ?? { nowSec: createdAtSec });
        return { event, id: rumor.id };
      }
      const event = sign({
        kind: kinds.encryptedDm,
        created_at: createdAtSec,
        tags: [['p', peer]],
        content: engine.nip04.seal(secretKey, peer, plaintext),
      });
      return { event, id: event.id };
    },

    testEvent: (codec, dates) =>
      codec === 'nip17'
        ? wrapTestEvent(engine, us, wrapKeyFor(pubkey), dates)
        : nip04TestEvent(engine, us, dates),

    openDm: (event) => (wrapKinds.includes(event.kind) ? openWrap(event) : openKind4(event)),
  };
}

/** Gift wraps that relays keep, and ephemeral ones. */
const wrapKinds: readonly number[] = [kinds.giftWrap, kinds.ephemeralWrap];

function isEventText(text: string): boolean {
  try {
    return text.startsWith('{') && parseEvent(JSON.parse(text)) !== null;
  } catch {
    return false;
  }
}
