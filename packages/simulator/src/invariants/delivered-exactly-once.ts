import type { Invariant } from './invariant.ts';
import { mayFail, stateOf, whyNotReachable } from './reach.ts';

/** A message that got its 200 has arrived in the end, once, or has ended with a reason. */
export const deliveredExactlyOnce: Invariant = {
  name: 'what got its 200 is delivered exactly once',
  *atEnd(world) {
    for (const sending of world.sendings) {
      if (sending.outcome !== 'accepted') continue;
      const state = stateOf(world, sending);
      const shown = world.machines
        .get(sending.to)
        ?.record.shown.filter(({ content }) => content === sending.content);
      const times = shown?.length ?? 0;
      const text = `“${sending.content}” from ${sending.from} to ${sending.to} (${state})`;
      if (times > 1 && !world.machines.get(sending.to)?.record.isRewound)
        yield `${text} was shown ${times} times`;
      if (times > 0 || state === 'failed' || state === 'expired') continue;
      if (mayFail(world, sending) || whyNotReachable(world, sending) !== null) continue;
      yield `${text} has not arrived`;
    }
  },
};
