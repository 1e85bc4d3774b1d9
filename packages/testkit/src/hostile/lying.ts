import { toHex } from '@ocmesh/shared/ambient';
import { parseEvent } from '@ocmesh/shared/wire';
import type { Behaviour, Client, Frame, RelayContext } from './behaviour.ts';

/** Sends OK at once for anything, and for ids that nobody sent. */
export const lyingOk: Behaviour = (relay) => {
  function invent(client: Client): void {
    relay.countMisdeed();
    client.send(['OK', toHex(relay.random.bytes(32)), true, '']);
    client.send(['OK', toHex(relay.random.bytes(32)), false, 'blocked: and this one not']);
  }

  return {
    onOpen: invent,
    onFrame([type, first], client) {
      if (type !== 'EVENT' && type !== 'AUTH') return false;
      client.send(['OK', (first as { id?: unknown } | null)?.id ?? '', true, '']);
      invent(client);
      return false;
    },
    // Sent already.
    onSend: (frame) => (frame[0] === 'OK' ? [] : [frame]),
  };
};

/** Sends OK for every event and stores none. */
export const okButDrops: Behaviour = (relay) => ({
  onFrame([type, event], client) {
    if (type !== 'EVENT') return false;
    relay.countMisdeed();
    client.send(['OK', parseEvent(event)?.id ?? '', true, '']);
    return true;
  },
});

/** Sends each event ten times, mixed with the others. */
export const duplicatesAndReorders: Behaviour = (relay) => {
  const { copies, shuffleMs } = relay.tuning;
  const heldBy = (client: Client): Frame[] => (client.state.get('held') as Frame[] | undefined) ?? [];

  function flush(client: Client): Frame[] {
    const frames = shuffled(
      heldBy(client).flatMap((frame) => Array<Frame>(copies).fill(frame)),
      relay,
    );
    client.state.set('held', []);
    return frames;
  }

  return {
    onSend(frame, client) {
      if (frame[0] === 'EOSE') return [...flush(client), frame];
      if (frame[0] !== 'EVENT') return [frame];
      relay.countMisdeed();
      const held = heldBy(client);
      client.state.set('held', [...held, frame]);
      if (held.length === 0) {
        relay.clock.after(shuffleMs, () => {
          for (const one of flush(client)) client.send(one);
        });
      }
      return [];
    },
  };
};

function shuffled<T>(items: readonly T[], { random }: RelayContext): T[] {
  const rest = [...items];
  return items.map(() => rest.splice(Math.floor(random.unit() * rest.length), 1)[0] as T);
}

/** Never sends EOSE. */
export const neverEose: Behaviour = (relay) => ({
  onSend(frame) {
    if (frame[0] !== 'EOSE') return [frame];
    relay.countMisdeed();
    return [];
  },
});
