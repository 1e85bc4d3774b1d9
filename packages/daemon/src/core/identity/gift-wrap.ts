import { dayMs, type Random } from '@ocmesh/shared/ambient';
import { isHex64, OcmeshError, type Pubkey, utf8Bytes } from '@ocmesh/shared/contract';
import {
  expirationOf,
  kinds,
  type NostrEvent,
  parseEvent,
  parseUnsignedEvent,
  tagValues,
  type UnsignedEvent,
  wireLimits,
} from '@ocmesh/shared/wire';
import type { CryptoEngine } from '../ports/crypto-engine.ts';
import { identityLimits } from './limits.ts';
import type { WrapKey } from './wrap-keys.ts';

// NIP-17 on NIP-59: message (rumor, unsigned) → seal (signed by its author) → gift wrap (signed by a single-use key).

/** How far seals and wraps are back-dated, so that their dates do not link them (NIP-17). */
const BACK_DATED_SEC = (identityLimits.wrapBackdatedDays * dayMs) / 1000;

/** Unsigned event: its recipient knows who wrote it, but cannot prove it to others. */
export type Rumor = UnsignedEvent & Pick<NostrEvent, 'id'>;

/** A rumor and the seal that proves its author. */
interface Unwrapped {
  readonly rumor: Rumor;
  readonly seal: NostrEvent;
}

export interface KeyPair {
  readonly secretKey: Uint8Array;
  readonly pubkey: Pubkey;
}

/** How a gift wrap is dated, and whether relays keep it. */
export interface WrapOptions {
  readonly nowSec: number;
  /** How far the wrap may be back-dated, if less than NIP-59 allows. The seal inside is not visible to relays. */
  readonly backDatedSec?: number;
  /** Relays pass it on and do not keep it. They refuse one that is a minute old. */
  readonly isEphemeral?: boolean;
}

/** A direct message that is damaged, forged or not for us. Never says which, so that it is no oracle. */
export class UnreadableDmError extends Error {
  constructor() {
    super('The message cannot be decrypted.');
    this.name = 'UnreadableDmError';
  }
}

/** A rumor that authenticates, but of a kind that is no message. */
export class UnwantedRumorError extends UnreadableDmError {}

/** Kinds of rumors that are shown as messages. */
const messageKinds: readonly number[] = [kinds.privateDm, kinds.privateFile, kinds.deletion, kinds.edit];

/** Makes the rumor of a message. It is the same for all recipients, and so is its id. */
export function privateDm(
  engine: CryptoEngine,
  message: {
    readonly author: Pubkey;
    readonly recipients: readonly Pubkey[];
    readonly plaintext: string;
    readonly createdAtSec: number;
    /** Id of another kind 14 message. */
    readonly replyTo?: string | null;
  },
): Rumor {
  const unsigned = {
    pubkey: message.author,
    created_at: message.createdAtSec,
    kind: kinds.privateDm,
    tags: [
      ...message.recipients.map((recipient) => ['p', recipient]),
      ...(message.replyTo ? [['e', message.replyTo]] : []),
    ],
    content: message.plaintext,
  };
  return { id: engine.eventId(unsigned), ...unsigned };
}

/**
 * Puts a rumor into a kind 1059 event that only the recipient can decrypt.
 * @throws OcmeshError `content_too_large` when relays would refuse the wrap
 */
export function wrapRumor(
  deps: { readonly engine: CryptoEngine; readonly random: Random },
  author: KeyPair,
  rumor: Rumor,
  once: WrapKey,
  { nowSec, backDatedSec = BACK_DATED_SEC, isEphemeral = false }: WrapOptions,
): NostrEvent {
  const { engine, random } = deps;
  const { recipient } = once;
  const backDated = (maxSec: number): number => nowSec - Math.floor(random.unit() * maxSec);
  const plaintext = JSON.stringify(rumor);
  if (utf8Bytes(plaintext) > identityLimits.rumorBytes) throw new OcmeshError('content_too_large');
  const seal = engine.sign(
    {
      kind: kinds.seal,
      created_at: backDated(BACK_DATED_SEC),
      tags: [],
      content: engine.nip44.seal(author.secretKey, recipient, plaintext),
    },
    author.secretKey,
  );
  return engine.sign(
    {
      kind: isEphemeral ? kinds.ephemeralWrap : kinds.giftWrap,
      created_at: backDated(backDatedSec),
      tags: [['p', recipient]],
      content: once.seal(JSON.stringify(seal)),
    },
    once.secretKey,
  );
}

/**
 * Returns the rumor of any kind in a gift wrap, and proves its author. Expects that the wrap's signature was verified.
 * @throws UnreadableDmError
 */
export const unwrapRumor = (engine: CryptoEngine, secretKey: Uint8Array, wrap: NostrEvent): Rumor =>
  unwrap(engine, secretKey, wrap).rumor;

function unwrap(
  engine: CryptoEngine,
  secretKey: Uint8Array,
  wrap: NostrEvent,
  kind: number = kinds.giftWrap,
): Unwrapped {
  let unwrapped: Unwrapped | null = null;
  try {
    unwrapped = authenticate(engine, secretKey, wrap, kind);
  } catch {
    // A wrong key, a bad MAC and broken JSON are the same to the caller.
  }
  if (unwrapped === null) throw new UnreadableDmError();
  return unwrapped;
}

function authenticate(
  engine: CryptoEngine,
  secretKey: Uint8Array,
  wrap: NostrEvent,
  kind: number,
): Unwrapped | null {
  if (wrap.kind !== kind || wrap.content.length > wireLimits.event.contentBytes) return null;
  const seal = parseEvent(JSON.parse(engine.nip44Once.open(secretKey, wrap.pubkey, wrap.content)));
  if (seal?.kind !== kinds.seal || !engine.verify(seal)) return null;
  const value = JSON.parse(engine.nip44.open(secretKey, seal.pubkey, seal.content));
  const unsigned = parseUnsignedEvent(value);
  // Only the seal proves an author: it must be the one named in the rumor.
  if (unsigned?.pubkey !== seal.pubkey) return null;
  const id = engine.eventId(unsigned);
  // Some clients leave the id empty. With that of another message, this one could pass for it.
  return isHex64(value.id) && value.id !== id ? null : { rumor: { id, ...unsigned }, seal };
}

const earlier = (one = Number.POSITIVE_INFINITY, other = Number.POSITIVE_INFINITY): number | undefined => {
  const first = Math.min(one, other);
  return Number.isFinite(first) ? first : undefined;
};

/** A message in a gift wrap, and when it ends (NIP-40): the wrap's own expiration is for relays. */
interface PrivateDm extends Rumor {
  readonly expiresAtSec: number | undefined;
}

/**
 * Returns the message in a gift wrap: one to us, or a copy of one we sent.
 * @param kind the wrap has to be of this kind
 * @throws UnreadableDmError; UnwantedRumorError if only its kind is wrong
 */
export function openPrivateDm(
  engine: CryptoEngine,
  us: KeyPair,
  wrap: NostrEvent,
  kind: number = kinds.giftWrap,
): PrivateDm {
  const { rumor, seal } = unwrap(engine, us.secretKey, wrap, kind);
  const recipients = tagValues(rumor, 'p');
  const isForUs = recipients.length === 0 || recipients.includes(us.pubkey) || rumor.pubkey === us.pubkey;
  if (!isForUs) throw new UnreadableDmError();
  if (!messageKinds.includes(rumor.kind)) throw new UnwantedRumorError();
  return { ...rumor, expiresAtSec: earlier(expirationOf(seal), expirationOf(rumor)) };
}
