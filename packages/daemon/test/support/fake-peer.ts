import { type Clock, toUnixSec } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type EventDraft, kinds, type NostrEvent } from '@ocmesh/shared/wire';
import { actor } from '@ocmesh/testkit';
import { createWasmEngine } from '../../src/adapters/crypto/wasm-engine.ts';
import { privateDm } from '../../src/core/identity/gift-wrap.ts';

const engine = createWasmEngine();

export interface PresenceClaims {
  readonly kind?: 1 | 31337;
  readonly version?: string;
  readonly name?: string;
  readonly features?: readonly string[];
  readonly createdAtSec?: number;
  readonly offline?: boolean;
  readonly about?: string;
  /** Without it, the presence says nothing about what the agent can do. */
  readonly capabilities?: readonly string[];
  readonly expiration?: number;
}

/** Features of an agent of our version. */
export const modern = ['messaging', 'query', 'receipts', 'envelope'];

/** Another agent, controlled by the test: signs whatever it is given. */
export function createFakePeer(name: string, clock: Clock) {
  const { secretKey, pubkey } = actor(name);
  const nowSec = (): number => toUnixSec(clock.now());
  const sign = (draft: Partial<EventDraft>): NostrEvent =>
    engine.sign({ kind: 1, tags: [], content: '', created_at: nowSec(), ...draft }, secretKey);

  return {
    pubkey,
    sign,
    presence(claims: PresenceClaims = {}): NostrEvent {
      const { kind = 31337, version = '0.3.0', features = [], createdAtSec = nowSec() } = claims;
      const tags = [
        ['t', 'ocmesh'],
        ['app', 'ocmesh'],
        ['v', version],
        ...features.map((each) => ['f', each]),
      ];
      if (kind === 31337) tags.unshift(['d', 'ocmesh-presence']);
      if (claims.name) tags.push(['name', claims.name]);
      if (claims.about) tags.push(['about', claims.about]);
      if (claims.capabilities) tags.push(['L', 'ocmesh']);
      for (const each of claims.capabilities ?? []) tags.push(['l', each, 'ocmesh']);
      if (claims.offline) tags.push(['status', 'offline']);
      if (claims.expiration !== undefined) tags.push(['expiration', String(claims.expiration)]);
      return sign({ kind, tags, created_at: createdAtSec, content: 'ocmesh-agent-online' });
    },
    /** An encrypted direct message (NIP-04). An object is sent as JSON. */
    dm(to: Pubkey, payload: string | Record<string, unknown>, draft: Partial<EventDraft> = {}): NostrEvent {
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
      return sign({ kind: 4, tags: [['p', to]], content: engine.nip04.seal(secretKey, to, text), ...draft });
    },
    /** A message in a gift wrap (NIP-59). The draft is of the wrap. */
    wrap(to: Pubkey, plaintext: string, draft: Partial<EventDraft> = {}): NostrEvent {
      const message = { author: pubkey, recipients: [to], plaintext, createdAtSec: nowSec() };
      const rumor = JSON.stringify(privateDm(engine, message));
      const seal = sign({ kind: kinds.seal, content: engine.nip44.seal(secretKey, to, rumor) });
      const once = actor(`single-use key of ${seal.id}`).secretKey;
      const content = engine.nip44.seal(once, to, JSON.stringify(seal));
      const wrap = { kind: kinds.giftWrap, tags: [['p', to]], content, created_at: nowSec(), ...draft };
      return engine.sign(wrap, once);
    },
    /** Decrypts a direct message to this peer. */
    open: (event: NostrEvent): string => engine.nip04.open(secretKey, event.pubkey, event.content),
    /** Decrypts all direct messages to this peer among these events; JSON is parsed. */
    opened(events: readonly NostrEvent[]): (Record<string, unknown> & { text?: string })[] {
      return events
        .filter(
          (event) => event.kind === 4 && event.tags.some(([tag, value]) => tag === 'p' && value === pubkey),
        )
        .map((event) => {
          const text = engine.nip04.open(secretKey, event.pubkey, event.content);
          return text.startsWith('{') ? JSON.parse(text) : { text };
        });
    },
  };
}

export type FakePeer = ReturnType<typeof createFakePeer>;
