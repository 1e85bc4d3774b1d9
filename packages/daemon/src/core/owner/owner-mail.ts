import { type ConfirmedMs, hourMs, toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { Identity } from '../identity/identity.ts';
import type { Tables } from '../ports/store.ts';
import { ownerLimits } from './limits.ts';

const LIFE_MS = ownerLimits.request.hours * hourMs;

/** Messages to the owner's phone, as private messages in gift wraps (NIP-17). */
export interface OwnerMail {
  /** Puts a message into the outbox. */
  write(tables: Tables, to: Pubkey, text: string): void;
  /** Takes back everything that no relay has got yet. */
  withdraw(tables: Tables): void;
}

export function createOwnerMail(deps: {
  readonly identity: Identity;
  readonly confirmedNow: () => ConfirmedMs;
  readonly correctedNow: () => UnixMs;
}): OwnerMail {
  return {
    write(tables, to, text) {
      const confirmedMs = deps.confirmedNow();
      tables.outbox.insert({
        event: deps.identity.sealDm(to, text, toUnixSec(deps.correctedNow()), 'nip17').event,
        peer: to,
        purpose: 'owner',
        payload: text,
        createdAtMs: confirmedMs,
        expiresAtMs: confirmedMs + LIFE_MS,
      });
    },
    withdraw({ outbox }) {
      for (const { eventId, purpose } of outbox.entries()) if (purpose === 'owner') outbox.remove(eventId);
    },
  };
}
