import type { Invariant } from './invariant.ts';

/** The first event, five new ones while the receipt is missing, and some for relays that want fresh dates. */
const MOST_EVENTS = 12;

export const retriesAreTheSame: Invariant = {
  name: 'a message is signed a few times at most',
  begin(world, violate) {
    const eventsOf = new Map<string, Set<string>>();
    world.wire.onWritten(({ machine, event, payload }) => {
      if (!world.machines.has(machine)) return;
      if (payload?.kind !== 'chat' || payload.mid === null) return;
      const key = `${machine} ${payload.mid}`;
      const events = (eventsOf.get(key) ?? new Set()).add(event.id);
      eventsOf.set(key, events);
      if (events.size === MOST_EVENTS + 1)
        violate(`${machine} signed “${payload.content}” more than ${MOST_EVENTS} times`);
    });
  },
};
