import { type Clock, dayMs, type Log, toUnixSec } from '@ocmesh/shared/ambient';
import { limits, type Pubkey } from '@ocmesh/shared/contract';
import { dialectOf, helloPayload } from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import type { OutboxItem } from '../model/outbox.ts';
import type { Store } from '../ports/store.ts';

/** Peers left ungreeted by a crash that are greeted at start; the rest at the next one. */
const UNGREETED_AT_START = 100;

export interface Handshake {
  /** Greets whoever a crash left ungreeted. */
  start(): Promise<void>;
  onEvent(event: DomainEvent): void;
}

/** One hello for each key that we ever meet. */
export function createHandshake(
  deps: {
    identity: Identity;
    store: Store;
    clock: Clock;
    log: Log;
    /** Told after a hello is on disk. */
    offer: (items: readonly OutboxItem[]) => void;
  },
  options: { readonly name: string | null },
): Handshake {
  const { identity, store, clock, log } = deps;

  async function greet(pubkey: Pubkey): Promise<void> {
    const nowMs = clock.now();
    const known = store.peek((tables) => tables.peers.get(pubkey));
    if (known?.hello !== 'none' || known.trust === 'blocked') return;
    const dialect = dialectOf(known);
    const hello = helloPayload({ from: identity.pubkey, tsMs: nowMs, name: options.name }, dialect);
    const item: OutboxItem = {
      event: identity.sealDm(pubkey, hello, toUnixSec(nowMs), dialect.codec).event,
      peer: pubkey,
      purpose: 'hello',
      expiresAtMs: nowMs + limits.outboxDays * dayMs,
    };
    const isQueued = await store.transaction((tables) => {
      const peer = tables.peers.get(pubkey);
      if (peer?.hello !== 'none') return false;
      tables.peers.put({ ...peer, hello: 'queued' });
      tables.outbox.insert(item);
      return true;
    });
    if (isQueued) deps.offer([item]);
  }

  const greetOrReport = (pubkey: Pubkey): Promise<void> =>
    greet(pubkey).catch((error) =>
      log.error('a hello could not be queued', { peer: pubkey, reason: String(error) }),
    );

  return {
    async start() {
      const pubkeys = store.peek((tables) => tables.peers.ungreeted(UNGREETED_AT_START));
      await Promise.all(pubkeys.map(greetOrReport));
    },
    onEvent(event) {
      if (event.type === 'peer.discovered') void greetOrReport(event.peer.pubkey);
    },
  };
}
