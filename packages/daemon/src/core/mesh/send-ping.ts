import {
  type Clock,
  hourMs,
  type MonotonicMs,
  settlesWithin,
  toUnixSec,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { pingPayload } from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import { meshLimits } from './limits.ts';

const { waitSeconds, refusedHours, freshSeconds } = meshLimits.ping;

export interface PingResult {
  /** The relay that brought the pong; null without one. */
  readonly pongFrom: string | null;
  /** Whether the relay took the ping, and we could have received the pong there. */
  readonly isTaken: boolean;
}

/** Sends pings in ephemeral gift wraps, and waits for the pongs. */
export function createSendPing(deps: {
  readonly identity: Pick<Identity, 'sealDm'>;
  readonly network: RelayNetwork;
  readonly clock: Clock;
  readonly correctedNow: () => UnixMs;
}) {
  const { identity, network, clock } = deps;
  /**
   * By peer and id of the ping; the oldest first. `end` is called for the pong with the relay that brought it, or with null to
   * end the wait. A pong that comes after the wait is a sign of life, too.
   */
  const sent = new Map<string, { readonly at: MonotonicMs; readonly end: (url: string | null) => void }>();
  const refusedAt = new Map<string, MonotonicMs>();

  /** Our relays on which a pong would reach us. */
  const listening = (): string[] =>
    network
      .relays()
      .filter(({ role, open, carriesDms }) => role === 'own' && open && carriesDms)
      .map(({ url }) => url);

  /** A pong to an older ping is refused for its age. */
  function forgetOld(): void {
    for (const [key, { at }] of sent) {
      if (clock.monotonic() - at < freshSeconds * 1000) return;
      sent.delete(key);
    }
  }

  return {
    /** Returns our relays that take pings, as far as we know. */
    relays(): string[] {
      const isAllowed = (url: string): boolean =>
        clock.monotonic() - (refusedAt.get(url) ?? Number.NEGATIVE_INFINITY) > refusedHours * hourMs;
      return listening().filter(isAllowed);
    },
    async send(pubkey: Pubkey, url: string): Promise<PingResult> {
      const nowMs = deps.correctedNow();
      const nowSec = toUnixSec(nowMs);
      const { event, id } = identity.sealDm(pubkey, pingPayload(nowMs), nowSec, 'nip17', {
        wrap: { nowSec, backDatedSec: 0, isEphemeral: true },
      });
      let pongFrom: string | null = null;
      let isTaken = false;
      forgetOld();
      const pong = new Promise<void>((resolve) => {
        const end = (from: string | null): void => {
          pongFrom = from;
          sent.delete(`${pubkey} ${id}`);
          resolve();
        };
        sent.set(`${pubkey} ${id}`, { at: clock.monotonic(), end });
      });
      void network.publish(url, event).then(({ outcome, prefix }) => {
        isTaken = outcome === 'accepted';
        if (outcome === 'rejected' && prefix !== 'rate-limited') refusedAt.set(url, clock.monotonic());
      });
      await settlesWithin(clock, waitSeconds * 1000, pong);
      return { pongFrom, isTaken: isTaken && listening().includes(url) };
    },
    /** @returns a function that ends the wait for this pong; null if we did not ask for it */
    awaiting: (pubkey: Pubkey, id: string) => sent.get(`${pubkey} ${id}`)?.end ?? null,
    stop(): void {
      for (const { end } of sent.values()) end(null);
    },
  };
}
