import { type Cancel, type Clock, every, type UnixMs } from '@ocmesh/shared/ambient';
import { limits, type Pubkey } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import { isOnline, type PeerRecord } from '../model/peer.ts';
import type { Store } from '../ports/store.ts';

/** How often silence is looked for: short beside the online window. */
const LOOK_MS = 30_000;

export interface OnlineWatch {
  start(): void;
  onEvent(event: DomainEvent): void;
  stop(): void;
}

/** Tells when a peer comes and goes. Who is online at the start of the daemon did not come then. */
export function createOnlineWatch(
  deps: {
    readonly store: Store;
    readonly clock: Clock;
    readonly emit: (events: readonly DomainEvent[]) => void;
  },
  options: { readonly onlineWindowMs: number },
): OnlineWatch {
  const { store, clock, emit } = deps;
  /** Who is online, and when it was last seen. */
  const online = new Map<Pubkey, UnixMs>();
  let cancel: Cancel = () => {};

  function recall(): void {
    const filter = { online: { is: true, nowMs: clock.now(), windowMs: options.onlineWindowMs } };
    let last: PeerRecord | undefined;
    do {
      const page = store.peek((tables) =>
        tables.peers.list({ ...filter, limit: limits.http.pageRows, ...(last ? { after: last } : {}) }),
      );
      for (const { pubkey, lastSeenMs } of page) online.set(pubkey, lastSeenMs);
      last = page.length < limits.http.pageRows ? undefined : page.at(-1);
    } while (last);
  }

  function take(peer: PeerRecord): void {
    const { pubkey } = peer;
    if (isOnline(peer, clock.now(), options.onlineWindowMs)) {
      const isNews = !online.has(pubkey);
      online.set(pubkey, peer.lastSeenMs);
      if (isNews) emit([{ type: 'peer.online', pubkey }]);
    } else if (online.delete(pubkey)) {
      emit([{ type: 'peer.offline', pubkey }]);
    }
  }

  function look(): void {
    const nowMs = clock.now();
    for (const [pubkey, lastSeenMs] of [...online]) {
      if (nowMs - lastSeenMs <= options.onlineWindowMs) continue;
      online.delete(pubkey);
      emit([{ type: 'peer.offline', pubkey }]);
    }
  }

  return {
    start() {
      recall();
      cancel = every(clock, LOOK_MS, look);
    },
    onEvent(event) {
      if (event.type === 'peer.discovered' || event.type === 'peer.seen') take(event.peer);
    },
    stop: () => cancel(),
  };
}
