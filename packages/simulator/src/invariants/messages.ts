import type { Pubkey } from '@ocmesh/shared/contract';
import type { MessageRecord } from '../../../daemon/src/core/model/message.ts';
import type { Store } from '../../../daemon/src/core/ports/store.ts';
import type { Machine } from '../agents/machine.ts';
import type { World } from '../world.ts';

const ALL = 1_000_000;

/** What was read from stores since the last step: several invariants look at the same messages. */
let found = new WeakMap<Store, Map<string, readonly MessageRecord[]>>();

/** Makes `storedOn` read the stores again. To be called whenever something may have changed. */
export function readAgain(): void {
  found = new WeakMap();
}

/** Returns the messages in the store of a machine, in order of arrival; none while it is down. For checks, after `readAgain`. */
export function storedOn(...wanted: Parameters<typeof readStored>): readonly MessageRecord[] {
  const [machine, direction, by, peer] = wanted;
  const store = machine?.running()?.store;
  if (!store) return [];
  const known = found.get(store) ?? new Map<string, readonly MessageRecord[]>();
  found.set(store, known);
  const key = `${direction} ${by} ${peer}`;
  const records = known.get(key) ?? readStored(...wanted);
  known.set(key, records);
  return records;
}

/** Reads the messages in the store of a machine as they are now. */
export function readStored(
  machine: Machine | undefined,
  direction: 'in' | 'out',
  by: 'arrival' | 'conversation' = 'arrival',
  peer?: Pubkey,
): readonly MessageRecord[] {
  const store = machine?.running()?.store;
  const filter = { direction, by, order: 'asc', limit: ALL } as const;
  return (
    store?.peek(({ messages }) => messages.list(peer === undefined ? filter : { ...filter, peer })) ?? []
  );
}

/** Returns the machines with a running daemon whose past is what their store says. */
export const upright = ({ machines }: World): Machine[] =>
  [...machines.values()].filter(({ record, running }) => running() !== null && !record.isRewound);

/** Whether the machine has so little room that messages make way for others. */
export const isCrowded = (world: World, { name }: Machine): boolean =>
  world.planOf(name)?.bounds === 'crowded';
