import { toUnixSec } from '@ocmesh/shared/ambient';
import { kinds, type NostrEvent, parseEvent } from '@ocmesh/shared/wire';
import type { EventService } from '../../../relay/src/event-service.ts';
import type { Chance } from '../chance.ts';
import { type Behaviour, behaviourOf } from './behaviour.ts';

const isMessage = ({ kind }: NostrEvent): boolean => kind === kinds.encryptedDm || kind === kinds.giftWrap;

/** Changes what a relay stores and finds, for the connection of one machine. */
export function misbehaveWithEvents(
  events: EventService,
  behaviours: readonly Behaviour[],
  deps: {
    readonly chance: Chance;
    readonly machine: string;
    readonly now: () => number;
    /** Why everything of this machine is refused for now. */
    readonly refusal: () => string | null;
  },
): EventService {
  const { chance, machine, now } = deps;
  const drops = behaviourOf(behaviours, 'drops');
  const few = behaviourOf(behaviours, 'sends few');
  const rate = behaviourOf(behaviours, 'limits rate');
  let writes: number[] = [];

  /** Returns the reason to refuse the event; null if there is none. */
  function refusalOf(event: NostrEvent): string | null {
    const nowSec = toUnixSec(now());
    for (const one of behaviours) {
      if (one.kind === 'refuses kind' && event.kind === one.event) return 'blocked: kind not accepted';
      if (one.kind === 'refuses size' && JSON.stringify(event).length > one.bytes)
        return 'invalid: event too large';
      if (one.kind === 'refuses dates' && Math.abs(event.created_at - nowSec) > one.seconds)
        return 'invalid: created_at is too far from now';
      if (one.kind === 'refuses writer' && machine === one.machine)
        return 'restricted: not on the allow list';
    }
    if (!rate) return null;
    writes = writes.filter((at) => at > now() - 60_000);
    if (writes.length >= rate.perMinute) return 'rate-limited: slow down';
    writes.push(now());
    return null;
  }

  return {
    ...events,
    publish(value, keys, done) {
      const event = parseEvent(value);
      const refusal = deps.refusal() ?? (event && refusalOf(event));
      if (refusal) return done({ accepted: false, message: refusal, toBroadcast: null });
      if (event && drops && isMessage(event) && chance.happens(drops.rate))
        return done({ accepted: true, message: '', toBroadcast: null });
      events.publish(value, keys, done);
    },
    query(filters, keys) {
      const found = events.query(filters, keys);
      const sorted = few?.oldestFirst ? [...found.events].reverse() : [...found.events];
      const cut = few ? sorted.slice(0, few.rows) : sorted;
      if (behaviourOf(behaviours, 'shuffles')) shuffle(cut, chance);
      return { events: cut, hasMore: found.hasMore || cut.length < found.events.length };
    },
  };
}

function shuffle(list: NostrEvent[], chance: Chance): void {
  for (let at = list.length - 1; at > 0; at--) {
    const other = chance.below(at + 1);
    [list[at], list[other]] = [list[other] as NostrEvent, list[at] as NostrEvent];
  }
}
