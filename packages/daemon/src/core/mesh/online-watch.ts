import { type Cancel, type Clock, every, type UnixMs } from '@ocmesh/shared/ambient';
import { limits, type Pubkey } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import { isOnline, type PeerRecord, silentAtMs } from '../model/peer.ts';
import type { Store } from '../ports/store.ts';

/** How often silent peers are looked for: short compared with the online window. */
const CHECK_MS = 30_000;

export interface OnlineWatch {
  start(): void;
  onEvent(event: DomainEvent): void;
  stop(): void;
}

/** Reports when a peer comes online or goes offline. Peers that are online at the daemon's start are not reported. */
export function createOnlineWatch(
  deps: {
    readonly store: Store;
    readonly clock: Clock;
    readonly emit: (events: readonly DomainEvent[]) => void;
  },
  options: { readonly onlineWindowMs: number },
): OnlineWatch {
  const { store, clock, emit } = deps;
  /** Online peers, and when each counts as offline without a further sign of life. */
  const online = new Map<Pubkey, UnixMs>();
  let cancel: Cancel = () => {};

  function loadOnline(): void {
    const filter = { online: { is: true, nowMs: clock.now(), windowMs: options.onlineWindowMs } };
    let last: PeerRecord | undefined;
    do {
      const page = store.peek((tables) =>
        tables.peers.list({ ...filter, limit: limits.http.pageRows, ...(last ? { after: last } : {}) }),
      );
      for (const peer of page) online.set(peer.pubkey, silentAtMs(peer, options.onlineWindowMs));
      last = page.length < limits.http.pageRows ? undefined : page.at(-1);
    } while (last);
  }

  function update(peer: PeerRecord): void {
    const { pubkey } = peer;
    if (isOnline(peer, clock.now(), options.onlineWindowMs)) {
      const isNews = !online.has(pubkey);
      online.set(pubkey, silentAtMs(peer, options.onlineWindowMs));
      if (isNews) emit([{ type: 'peer.online', pubkey }]);
    } else if (online.delete(pubkey)) {
      emit([{ type: 'peer.offline', pubkey }]);
    }
  }

  function reportSilent(): void {
    const nowMs = clock.now();
    for (const [pubkey, silentMs] of [...online]) {
      if (nowMs <= silentMs) continue;
      online.delete(pubkey);
      emit([{ type: 'peer.offline', pubkey }]);
    }
  }

  return {
    start() {
      loadOnline();
      cancel = every(clock, CHECK_MS, reportSilent);
    },
    onEvent(event) {
      if (event.type === 'peer.discovered' || event.type === 'peer.seen' || event.type === 'peer.silent')
        update(event.peer);
    },
    stop: () => cancel(),
  };
}
