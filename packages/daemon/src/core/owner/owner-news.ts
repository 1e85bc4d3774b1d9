import { type Cancel, type Clock, type ConfirmedMs, dayMs, type Log, minuteMs } from '@ocmesh/shared/ambient';
import type { DomainEvent } from '../model/domain-events.ts';
import type { OutboxItem } from '../model/outbox.ts';
import type { OwnerRecord } from '../model/owner.ts';
import type { Store, Tables } from '../ports/store.ts';
import { ownerLimits } from './limits.ts';
import type { OwnerMail } from './owner-mail.ts';
import type { OwnerRequests } from './owner-requests.ts';
import { quietMs } from './quiet-hours.ts';
import { requestsText } from './texts.ts';

const { messages } = ownerLimits;
const GATHER_MS = messages.gatherSeconds * 1000;
const PAUSE_MS = messages.pauseSeconds * 1000;
/** Longest time until it is looked again: the clock may be set, and a disk may be full. */
const LOOK_MS = 5 * minuteMs;

/** After which something may have to be sent; the last one, if the phone was unblocked. */
const causes: readonly DomainEvent['type'][] = [
  'owner.message',
  'request.waiting',
  'conversation.paused',
  'peer.trust',
];

export interface OwnerNews {
  start(): void;
  onEvent(event: DomainEvent): void;
  stop(): void;
}

/**
 * Sends what waits for the owner to the confirmed phone, many requests in one message. What was sent is read from the store, so
 * that a restart repeats nothing and forgets nothing.
 */
export function createOwnerNews(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly confirmedNow: () => ConfirmedMs;
  /** Returns the minute of the day by the machine's local time. */
  readonly minuteOfDay: () => number;
  readonly log: Log;
  readonly requests: OwnerRequests;
  readonly mail: OwnerMail;
  readonly offer: (items: readonly OutboxItem[]) => void;
}): OwnerNews {
  const { store, clock, requests, mail } = deps;
  let cancel: Cancel | null = null;
  let stopped = false;

  /** Returns how long the next message has to wait. */
  function waitMs(tables: Tables, { quietHours }: OwnerRecord): number {
    const nowMs = deps.confirmedNow();
    const sent = [...new Set(tables.ownerRequests.list().map(({ sentAtMs }) => sentAtMs))];
    const afterPause = Math.max(0, ...sent) + PAUSE_MS - nowMs;
    const nth = sent.at(-messages.perDay);
    const afterDay = nth === undefined ? 0 : nth + dayMs - nowMs;
    return Math.max(afterPause, afterDay, quietMs(quietHours, deps.minuteOfDay()));
  }

  /** @returns when to look again; null if nothing waits */
  function sendSome(tables: Tables): number | null {
    const owner = tables.owner.get();
    if (!owner || owner.code !== null || tables.peers.get(owner.pubkey)?.trust === 'blocked') return null;
    const unsent = requests.unsent(tables);
    if (unsent.length === 0) return null;
    const wait = waitMs(tables, owner);
    if (wait > 0) return wait;
    requests.forgetOld(tables);
    const numbered = requests.number(tables, unsent.slice(0, messages.requests));
    const left = unsent.length - numbered.length;
    mail.write(tables, owner.pubkey, requestsText(numbered, left));
    return left > 0 ? PAUSE_MS : null;
  }

  async function send(): Promise<void> {
    const next = await store.transaction(sendSome);
    offer();
    if (next !== null) lookAfter(next);
  }

  function lookAfter(ms: number): void {
    if (stopped) return;
    cancel ??= clock.after(Math.min(ms, LOOK_MS), () => {
      cancel = null;
      send().catch((error) => {
        deps.log.warn('requests could not be sent to the owner', { reason: String(error) });
        lookAfter(LOOK_MS);
      });
    });
  }

  /** Hands over what is in the outbox; the outbox ignores what it has. */
  function offer(): void {
    const items = store.peek(({ outbox }) =>
      outbox.entries().flatMap(({ eventId, purpose }) => {
        const item = purpose === 'owner' ? outbox.get(eventId) : null;
        return item ? [item] : [];
      }),
    );
    if (items.length > 0) deps.offer(items);
  }

  return {
    start: () => lookAfter(GATHER_MS),
    onEvent({ type }) {
      if (type === 'owner.message') offer();
      if (causes.includes(type)) lookAfter(GATHER_MS);
    },
    stop() {
      stopped = true;
      cancel?.();
    },
  };
}
