import { type Clock, toUnixSec } from '@ocmesh/shared/ambient';
import { chatPayload, dialectOf, kinds } from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { OutboxItem } from '../model/outbox.ts';
import type { PublishOutcome } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import type { Entry } from './entry.ts';
import { outboxLimits } from './limits.ts';

/** Reasons by which relays refuse a `created_at`. */
const ABOUT_THE_DATE = /created_at|timestamp|too (old|early|late|new|far)|in the (future|past)|\bfuture\b/i;
/** Closer to now than this, a new date would be no better. */
const CLOSE_TO_NOW_SEC = 60;

/**
 * Puts a message into a newly signed event with the same `mid`, by which receivers recognize it. Only for messages
 * that carry a `mid`, and only if no relay accepted the old event, a relay refused its date, or its receipt is missing.
 * The methods return whether the entry has a new event.
 */
export interface Resign {
  /** Re-signs a message that no relay accepted for so long that relays and receivers would ignore its date. */
  ifOld(entry: Entry, item: OutboxItem): Promise<boolean>;
  ifDateRefused(entry: Entry, item: OutboxItem, outcome: PublishOutcome): Promise<boolean>;
  /** Re-signs a message that relays accepted and the peer did not confirm: if it has the message, it confirms it again. */
  ifUnconfirmed(entry: Entry, item: OutboxItem): Promise<boolean>;
}

export function createResign(deps: {
  readonly identity: Identity;
  readonly store: Store;
  readonly clock: Clock;
}): Resign {
  const { identity, store, clock } = deps;

  function resign(entry: Entry, item: OutboxItem): Promise<boolean> {
    // Another lane has re-signed it already.
    if (entry.id !== item.event.id) return Promise.resolve(true);
    entry.resigning ??= replace(entry, item).finally(() => {
      entry.resigning = null;
    });
    return entry.resigning;
  }

  async function replace(entry: Entry, { event: old, peer: pubkey }: OutboxItem): Promise<boolean> {
    if (entry.purpose !== 'message' || entry.resigned >= outboxLimits.resigns) return false;
    const { message, peer } = store.peek((tables) => ({
      message: tables.messages.findByEvent(old.id),
      peer: tables.peers.get(pubkey),
    }));
    // Without a `mid` the message's id is that of the event, and would change.
    if (!message || !peer || message.seq === null || message.id === message.eventId) return false;
    const { type, content, data, id: mid, seq, replyTo, hops, timestampMs: tsMs } = message;
    const dialect = dialectOf(peer);
    if (!dialect.envelope) return false;
    const payload = chatPayload({ type, content, data, mid, tsMs, seq, replyTo, hops }, dialect);
    const { event } = identity.sealDm(pubkey, payload, toUnixSec(clock.now()), dialect.codec);
    entry.resigned++;
    const isReplaced = await store.transaction((tables) => {
      if (!tables.outbox.get(old.id)) return false;
      tables.outbox.replace(old.id, event);
      return true;
    });
    if (isReplaced) entry.id = event.id;
    return isReplaced;
  }

  const ageSec = ({ event }: OutboxItem): number => toUnixSec(clock.now()) - event.created_at;

  return {
    // The date of a gift wrap is random anyway.
    ifOld: async (entry, item) =>
      item.event.kind === kinds.encryptedDm &&
      ageSec(item) > outboxLimits.resignMinutes * 60 &&
      resign(entry, item),
    ifDateRefused: async (entry, item, { outcome, reason }) =>
      outcome === 'rejected' &&
      ABOUT_THE_DATE.test(reason ?? '') &&
      Math.abs(ageSec(item)) > CLOSE_TO_NOW_SEC &&
      resign(entry, item),
    ifUnconfirmed: resign,
  };
}
