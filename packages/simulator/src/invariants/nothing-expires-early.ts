import type { Invariant } from './invariant.ts';

const DEFAULT_LIFE_MS = 7 * 86_400_000;
/** Clocks drift, and the last write before a crash may be lost. */
const SLACK_MS = 60_000;

export const nothingExpiresEarly: Invariant = {
  name: 'no message expires before its time, whatever clocks say',
  begin(world, violate) {
    world.stateListeners.push((machine, { id, state, atMs }) => {
      if (state !== 'expired' || machine.record.isRewound) return;
      const sending = world.sendings.find((one) => one.id === id && one.from === machine.name);
      if (!sending) return;
      const lifeMs = sending.lifeMs ?? DEFAULT_LIFE_MS;
      if (atMs - sending.atMs < lifeMs - SLACK_MS)
        violate(
          `“${sending.content}” of ${machine.name} expired after ${Math.round((atMs - sending.atMs) / 1000)} s`,
        );
    });
  },
};
