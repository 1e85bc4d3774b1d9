import { type EventDraft, kinds, type NostrEvent } from '@ocmesh/shared/wire';
import type { CryptoEngine } from '../ports/crypto-engine.ts';
import { type KeyPair, privateDm } from './gift-wrap.ts';
import type { WrapKey } from './wrap-keys.ts';

/** Plaintext of a test event. As its author is its recipient, no daemon with our key takes it for mail. */
const TEST_PAYLOAD = JSON.stringify({ type: 'relay-test' });

export interface TestEventDates {
  readonly createdAtSec: number;
  /** When relays may delete it (NIP-40). */
  readonly expiresAtSec: number;
}

/** Returns a gift wrap to ourselves, as a peer would write it, but dated now and with an expiration. */
export function wrapTestEvent(
  engine: CryptoEngine,
  us: KeyPair,
  once: WrapKey,
  dates: TestEventDates,
): NostrEvent {
  const { createdAtSec } = dates;
  const rumor = privateDm(engine, {
    author: us.pubkey,
    recipients: [us.pubkey],
    plaintext: TEST_PAYLOAD,
    createdAtSec,
  });
  const content = engine.nip44.seal(us.secretKey, us.pubkey, JSON.stringify(rumor));
  const seal = engine.sign({ kind: kinds.seal, created_at: createdAtSec, tags: [], content }, us.secretKey);
  return engine.sign(toOurselves(us, kinds.giftWrap, once.seal(JSON.stringify(seal)), dates), once.secretKey);
}

/** Returns a kind 4 event to ourselves. */
export function nip04TestEvent(engine: CryptoEngine, us: KeyPair, dates: TestEventDates): NostrEvent {
  const content = engine.nip04.seal(us.secretKey, us.pubkey, TEST_PAYLOAD);
  return engine.sign(toOurselves(us, kinds.encryptedDm, content, dates), us.secretKey);
}

const toOurselves = (
  { pubkey }: KeyPair,
  kind: number,
  content: string,
  { createdAtSec, expiresAtSec }: TestEventDates,
): EventDraft => ({
  kind,
  created_at: createdAtSec,
  tags: [
    ['p', pubkey],
    ['expiration', String(expiresAtSec)],
  ],
  content,
});
