import type { Pubkey } from '@ocmesh/shared/contract';
import type { MessageRecord } from '../../../daemon/src/core/model/message.ts';
import type { Machine } from '../agents/machine.ts';
import type { World } from '../world.ts';

const ALL = 1_000_000;

/** Returns the messages in the store of a machine, in order of arrival; none while it is down. */
export function storedOn(
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
