import type { Invariant } from './invariant.ts';
import { upright } from './messages.ts';

/** Dates have whole seconds: messages of less are of the same one. */
const SAME_SECOND_MS = 1_000;

export const shownInOrder: Invariant = {
  name: 'what arrives together is shown in its sender’s order',
  *check(world) {
    const orders = new Map(world.sendings.map(({ content, atMs }) => [content, atMs]));
    const hasStepped = (name: string): boolean =>
      world.plan.steps.some((step) => step.do === 'step clock' && step.machine === name);
    for (const { name, record } of upright(world))
      for (const [at, { from, content, atMs }] of record.shown.entries()) {
        const before = record.shown[at - 1];
        const author = world.byKey(from);
        if (!author || before?.from !== from || before.atMs !== atMs || hasStepped(author)) continue;
        if ((orders.get(before.content) ?? 0) > (orders.get(content) ?? 0) + SAME_SECOND_MS)
          yield `${name} was shown “${before.content}” of ${author} before “${content}”, which was sent first`;
      }
  },
};
