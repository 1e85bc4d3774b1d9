import { dayMs, toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import { isHex64, limits } from '@ocmesh/shared/contract';
import { chatPayload, type Dialect, dialectOf, kinds } from '@ocmesh/shared/wire';
import { backDatedMs } from '../identity/back-dated.ts';
import type { Identity } from '../identity/identity.ts';
import { identityLimits } from '../identity/limits.ts';
import type { OutboxItem, RelayOutcomeRecord } from '../model/outbox.ts';
import type { PublishOutcome } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { isAboutDate, type RelayDates } from '../relays/relay-dates.ts';
import type { Entry } from './entry.ts';
import { outboxLimits } from './limits.ts';

const DAY_SEC = dayMs / 1000;
const FRESH_SEC = outboxLimits.freshSeconds;
const WRAP_BACK_DATED_SEC = identityLimits.wrapBackdatedDays * DAY_SEC;

/**
 * Puts what an item says into a newly signed event, if its date would be refused or ignored. Receivers recognize a message
 * by its `mid`, or by the id inside a gift wrap; without either, it is re-signed only if no relay can have it.
 */
export interface Resign {
  /** Call before publishing. @returns whether the entry has a new event */
  ifStale(
    entry: Entry,
    url: string,
    item: OutboxItem,
    outcomes: readonly RelayOutcomeRecord[],
  ): Promise<boolean>;
  /**
   * Call with each outcome. @returns `signed` if the relay refused the date and the entry has a new event; `held` if it
   * refuses even a date of now, but may take a later one: our clock or its own may be set right
   */
  onOutcome(
    entry: Entry,
    url: string,
    item: OutboxItem,
    outcomes: readonly RelayOutcomeRecord[],
    outcome: PublishOutcome,
  ): Promise<'signed' | 'held' | 'other'>;
  /** Re-signs a message that relays accepted and the peer did not confirm: if it has the message, it confirms it again. */
  ifUnconfirmed(entry: Entry, item: OutboxItem): Promise<boolean>;
  /** Whether a wrong clock dated it: a peer that comes back does not look for that date. */
  isMisdated(item: OutboxItem): boolean;
}

export function createResign(deps: {
  readonly identity: Identity;
  readonly store: Store;
  readonly dates: RelayDates;
  /** The date to sign with: that of the relays while our clock is wrong. */
  readonly correctedNow: () => UnixMs;
}): Resign {
  const { identity, store, dates } = deps;

  const nowSec = (): number => toUnixSec(deps.correctedNow());
  const ageSec = ({ event }: OutboxItem): number => nowSec() - event.created_at;
  const isFresh = (item: OutboxItem): boolean => Math.abs(ageSec(item)) <= FRESH_SEC;
  const wantsFresh = (url: string): boolean => dates.acceptedBy(url) !== 'any';

  function resign(entry: Entry, item: OutboxItem, outcomes: readonly RelayOutcomeRecord[]): Promise<boolean> {
    // Another lane has re-signed it already.
    if (entry.id !== item.event.id) return Promise.resolve(true);
    entry.resigning ??= replace(entry, item, outcomes).finally(() => {
      entry.resigning = null;
    });
    return entry.resigning;
  }

  async function replace(
    entry: Entry,
    item: OutboxItem,
    outcomes: readonly RelayOutcomeRecord[],
  ): Promise<boolean> {
    const draft = draftOf(item, outcomes);
    if (!draft) return false;
    const { payload, codec, dateSec, replyTo } = draft;
    const isWrap = codec === 'nip17';
    // One event for all relays: if one of them wants a fresh date, all get it.
    const backDated = [...entry.pending].some(wantsFresh)
      ? { backDatedSec: outboxLimits.freshSpreadSeconds }
      : {};
    const sealed = identity.sealDm(item.peer, payload, isWrap ? dateSec : nowSec(), codec, {
      replyTo,
      wrap: { nowSec: nowSec(), ...backDated },
    });
    if (draft.id !== null && isWrap && sealed.id !== draft.id) return false;
    const isReplaced = await store.transaction((tables) => {
      if (!tables.outbox.get(item.event.id)) return false;
      tables.outbox.replace(item.event.id, sealed.event);
      return true;
    });
    if (isReplaced) entry.id = sealed.event.id;
    return isReplaced;
  }

  /** Returns what the item says, to sign it again; null if the peer could take it for another message. */
  function draftOf(item: OutboxItem, outcomes: readonly RelayOutcomeRecord[]): Draft | null {
    const { message, peer } = store.peek((tables) => ({
      message: tables.messages.findByEvent(item.event.id),
      peer: tables.peers.get(item.peer),
    }));
    const dialect = peer && dialectOf(peer);
    if (item.purpose !== 'message') {
      const { payload } = item;
      // The owner's phone need not be a peer, and reads gift wraps.
      const codec = item.purpose === 'owner' ? 'nip17' : dialect?.codec;
      return payload === null || !codec
        ? null
        : { payload, codec, dateSec: nowSec(), replyTo: null, id: null };
    }
    if (!dialect || !message || message.seq === null) return null;
    const { codec } = dialect;
    const { type, content, data, id: mid, seq, replyTo, hops, timestampMs: tsMs } = message;
    const payload = chatPayload({ type, content, data, mid, tsMs, seq, replyTo, hops }, dialect);
    const sentSec = toUnixSec(tsMs);
    if (dialect.envelope && message.id !== message.eventId) {
      // The date that the peer shows; a wrong clock's is replaced.
      const dateSec = Math.abs(nowSec() - sentSec) > DAY_SEC ? nowSec() : sentSec;
      return { payload, codec, dateSec, replyTo: null, id: null };
    }
    const isOut = outcomes.some(({ outcome }) => outcome !== 'rejected');
    if (codec === 'nip04' && isOut) return null;
    const parent = isHex64(replyTo) ? replyTo : null;
    return { payload, codec, dateSec: sentSec, replyTo: parent, id: mid };
  }

  /** Whether relays would refuse its date, or receivers not look back far enough. */
  function isOutOfDate(item: OutboxItem, isFirstAttempt: boolean): boolean {
    const seconds = ageSec(item);
    if (seconds < -outboxLimits.resignMinutes * 60) return true;
    if (item.event.kind === kinds.giftWrap) return seconds > WRAP_BACK_DATED_SEC + DAY_SEC;
    const { isMessage, hasMid } = kindOf(item);
    if (isMessage && !hasMid) return seconds > limits.message.days * DAY_SEC;
    return seconds > (isMessage && isFirstAttempt ? outboxLimits.resignMinutes * 60 : DAY_SEC);
  }

  function kindOf({ event, peer, purpose }: OutboxItem): { isMessage: boolean; hasMid: boolean } {
    const known = store.peek((tables) => tables.peers.get(peer));
    const message = store.peek((tables) => tables.messages.findByEvent(event.id));
    const hasMid = known !== null && dialectOf(known).envelope && message?.id !== event.id;
    return { isMessage: purpose === 'message', hasMid };
  }

  return {
    ifStale: async (entry, url, item, outcomes) => {
      const isAccepted = outcomes.some(({ outcome }) => outcome === 'accepted');
      const isStale = isAccepted
        ? wantsFresh(url) && !isFresh(item)
        : isOutOfDate(item, outcomes.length === 0) || (!isFresh(item) && [...entry.pending].some(wantsFresh));
      return isStale && resign(entry, item, outcomes);
    },
    async onOutcome(entry, url, item, outcomes, outcome) {
      if (outcome.outcome === 'accepted') dates.onAccepted(url);
      if (!isAboutDate(outcome)) return 'other';
      const wasFresh = isFresh(item);
      dates.onRefused(url, wasFresh ? 'fresh' : ageSec(item) > 0 ? 'old' : 'future');
      if (!wasFresh) return (await resign(entry, item, outcomes)) ? 'signed' : 'other';
      // Another relay has it: this one is not worth more attempts.
      if (outcomes.some((other) => other.outcome === 'accepted')) return 'other';
      return draftOf(item, outcomes) ? 'held' : 'other';
    },
    async ifUnconfirmed(entry, item) {
      if (entry.resigned >= outboxLimits.resigns) return false;
      entry.resigned++;
      return resign(
        entry,
        item,
        store.peek((tables) => tables.outbox.outcomes(item.event.id)),
      );
    },
    isMisdated(item) {
      const seconds = ageSec(item);
      const backDatedSec = backDatedMs(item.event.kind) / 1000;
      return (
        seconds < -outboxLimits.resignMinutes * 60 || seconds > limits.message.days * DAY_SEC + backDatedSec
      );
    },
  };
}

interface Draft {
  readonly payload: string;
  readonly codec: Dialect['codec'];
  /** Date of the message in a gift wrap. */
  readonly dateSec: number;
  readonly replyTo: string | null;
  /** Id that a message in a gift wrap must keep; null if the payload has one. */
  readonly id: string | null;
}
