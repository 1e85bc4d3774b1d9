import type { MonotonicMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { Entry } from './entry.ts';

export type AwaitBounds = { readonly awaitingReceipt: number; readonly awaitingReceiptBytes: number };

/** A published message that awaits its receipt. */
export interface Wait {
  readonly entry: Entry;
  /** How often it was offered again to relays that had it, and when it was offered last. */
  repeats: number;
  lastAt: MonotonicMs;
  /** When it is offered again; null if nothing suggests that it was lost. */
  dueAt: MonotonicMs | null;
  /** Relays to offer it to then, if not to all. */
  readonly relays: Set<string>;
  toAll: boolean;
  /** When the silence of a peer that is online becomes suspicious; null while it is offline. */
  silentAt: MonotonicMs | null;
  silences: number;
  /** Whether it was offered to all relays again. */
  wasToAll: boolean;
}

export const newWait = (entry: Entry, repeats: number, lastAt: MonotonicMs): Wait => ({
  entry,
  repeats,
  lastAt,
  dueAt: null,
  relays: new Set(),
  toAll: false,
  silentAt: null,
  silences: 0,
  wasToAll: false,
});

/** Holds published events that await something, within bounds. */
export interface Waits<W> {
  all(): W[];
  of(entry: Entry): W | undefined;
  ofPeer(peer: Pubkey): Iterable<W>;
  add(wait: W): void;
  remove(entry: Entry): void;
}

/** @param release gives up waiting */
export function createWaits<W extends { readonly entry: Entry }>(
  bounds: AwaitBounds,
  release: (entry: Entry) => void,
): Waits<W> {
  const waits = new Map<Entry, W>();
  const byPeer = new Map<Pubkey, Set<W>>();
  let bytes = 0;

  function remove(entry: Entry): void {
    const wait = waits.get(entry);
    if (!wait) return;
    waits.delete(entry);
    bytes -= entry.bytes;
    const others = byPeer.get(entry.peer);
    others?.delete(wait);
    if (others?.size === 0) byPeer.delete(entry.peer);
  }

  return {
    all: () => [...waits.values()],
    of: (entry) => waits.get(entry),
    ofPeer: (peer) => byPeer.get(peer) ?? [],
    add(wait) {
      const { entry } = wait;
      waits.set(entry, wait);
      bytes += entry.bytes;
      const others = byPeer.get(entry.peer) ?? new Set<W>();
      byPeer.set(entry.peer, others.add(wait));
      // The oldest to the peer with the most goes: one that confirms nothing takes no room from the others.
      while (waits.size > bounds.awaitingReceipt || bytes > bounds.awaitingReceiptBytes) {
        const [oldest] = [...byPeer.values()].reduce((most, each) => (each.size > most.size ? each : most));
        if (!oldest) return;
        remove(oldest.entry);
        release(oldest.entry);
      }
    },
    remove,
  };
}
