import { type ConfirmedMs, dayMs, hourMs, toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import type { OwnerChoice, OwnerRequest } from '../model/owner.ts';
import type { Tables } from '../ports/store.ts';
import type { HeldMessages } from '../trust/held-messages.ts';
import type { LoopGuard } from '../trust/loop-guard.ts';
import { changeTrust, listRequests } from '../trust/requests.ts';
import { ownerLimits } from './limits.ts';
import type { RequestText } from './texts.ts';

const LIFE_MS = ownerLimits.request.hours * hourMs;

/** Something that waits for the owner, whether it was sent to the phone or not. */
interface Waiting extends Pick<OwnerRequest, 'kind' | 'peer' | 'sinceMs'> {
  readonly texts: RequestText['texts'];
}

/** What waits for the owner, with the numbers under which it was sent to the phone. */
export interface OwnerRequests {
  /** Returns what waits and was not sent yet, the oldest first. */
  unsent(tables: Tables): Waiting[];
  /** Gives these requests their numbers, and remembers that they are sent now. */
  number(tables: Tables, waiting: readonly Waiting[]): RequestText[];
  /** Returns the requests whose answers count. */
  open(tables: Tables): OwnerRequest[];
  isOver(request: OwnerRequest): boolean;
  isWaiting(tables: Tables, request: OwnerRequest): boolean;
  /** Does what the owner chose, and nothing else. @returns what happened */
  decide(tables: Tables, request: OwnerRequest, choice: OwnerChoice): DomainEvent[];
  /** Forgets what was sent so long ago that nothing of it can wait. */
  forgetOld(tables: Tables): void;
}

export function createOwnerRequests(deps: {
  readonly confirmedNow: () => ConfirmedMs;
  readonly confirmedDate: () => UnixMs;
  readonly correctedNow: () => UnixMs;
  readonly loopGuard: LoopGuard;
  readonly heldMessages: Pick<HeldMessages, 'release'>;
}): OwnerRequests {
  const { confirmedNow, loopGuard, heldMessages } = deps;

  function waiting(tables: Tables): Waiting[] {
    const strangers = listRequests(tables, deps.confirmedDate()).map(
      ({ direction, peer, sinceMs, held, intended }): Waiting => ({
        kind: direction,
        peer,
        sinceMs,
        texts: intended === null ? held.map(({ content }) => content) : [intended],
      }),
    );
    const paused = loopGuard.paused(tables).map((peer): Waiting => {
      const sinceMs = tables.loops.get(peer)?.pausedAtMs ?? 0;
      return { kind: 'paused', peer, sinceMs, texts: [] };
    });
    const owner = tables.owner.get()?.pubkey;
    return [...strangers, ...paused]
      .filter(({ peer }) => peer !== owner && tables.peers.get(peer) !== null)
      .sort((one, other) => one.sinceMs - other.sinceMs);
  }

  const isOver = ({ sentAtMs }: OwnerRequest): boolean => confirmedNow() - sentAtMs >= LIFE_MS;
  const isWaiting = (tables: Tables, request: OwnerRequest): boolean =>
    waiting(tables).some((one) => keyOf(one) === keyOf(request));

  return {
    unsent(tables) {
      const sent = new Set(tables.ownerRequests.list().map(keyOf));
      return waiting(tables).filter((one) => !sent.has(keyOf(one)));
    },

    number(tables, requests) {
      const last = Number(tables.meta.get('owner_number') ?? ownerLimits.request.firstNumber - 1);
      tables.meta.set('owner_number', String(last + requests.length));
      const sentAtMs = confirmedNow();
      const datedSec = toUnixSec(deps.correctedNow());
      return requests.map(({ kind, peer, sinceMs, texts }, index) => {
        const number = last + 1 + index;
        tables.ownerRequests.put({ number, kind, peer, sinceMs, sentAtMs, datedSec, choice: null });
        const known = tables.peers.get(peer);
        return { number, kind, peer, texts, name: known?.alias ?? known?.name ?? null };
      });
    },

    open(tables) {
      const now = new Set(waiting(tables).map(keyOf));
      return tables.ownerRequests
        .list()
        .filter((request) => request.choice === null && !isOver(request) && now.has(keyOf(request)));
    },
    isOver,
    isWaiting,

    decide(tables, request, choice) {
      const { kind, peer } = request;
      tables.ownerRequests.put({ ...request, choice });
      if (choice === 'block') return changeTrust(tables, peer, 'blocked', heldMessages);
      if (kind === 'paused') {
        if (choice === 'accept') loopGuard.resume(tables, peer);
        return [];
      }
      if (choice === 'accept') return changeTrust(tables, peer, 'contact', heldMessages);
      if (kind === 'in') tables.held.removeOf(peer);
      else tables.pendingContacts.remove(peer);
      return [];
    },

    forgetOld: (tables) =>
      tables.ownerRequests.forgetBefore(confirmedNow() - ownerLimits.request.keptDays * dayMs),
  };
}

/** The same for a request and what it stands for: who waits, for what, and since when. */
const keyOf = ({ kind, peer, sinceMs }: Pick<OwnerRequest, 'kind' | 'peer' | 'sinceMs'>): string =>
  `${kind} ${peer} ${sinceMs}`;

/** What to say of a peer that no longer waits. */
export function stateOf({ peers }: Tables, peer: Pubkey): string {
  const trust = peers.get(peer)?.trust;
  if (trust === 'contact') return 'a contact';
  return trust === 'blocked' ? 'blocked' : 'a stranger';
}
