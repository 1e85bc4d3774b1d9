import type { World } from '../world.ts';
import type { Invariant } from './invariant.ts';
import { upright } from './messages.ts';

/** Dates have whole seconds: messages of less are of the same one. */
const SAME_SECOND_MS = 1_000;

export const shownInOrder: Invariant = {
  name: 'what one query brings is shown in its sender’s order',
  begin(world) {
    const texts = new Map<string, string>();
    world.wire.onWritten(({ event, payload }) => {
      if (payload?.kind === 'chat') texts.set(event.id, payload.content);
    });
    const broughtBy = new Map<string, string>();
    queries.set(world, broughtBy);
    world.wire.onDelivered((machine, url, subscription, eventId) => {
      const text = texts.get(eventId);
      if (text === undefined) return;
      const key = keyOf(machine, world.machines.get(machine)?.running()?.run, text);
      if (!broughtBy.has(key)) broughtBy.set(key, `${url} ${subscription}`);
    });
  },
  *check(world) {
    const orders = new Map(world.sendings.map(({ content, atMs }) => [content, atMs]));
    const broughtBy = queries.get(world) as Map<string, string>;
    const hasStepped = (name: string): boolean =>
      world.plan.steps.some((step) => step.do === 'step clock' && step.machine === name);
    for (const { name, record } of upright(world))
      for (const [at, { from, content, run, atMs }] of record.shown.entries()) {
        const before = record.shown[at - 1];
        const author = world.byKey(from);
        if (!author || before?.from !== from || before.atMs !== atMs || hasStepped(author)) continue;
        const query = broughtBy.get(keyOf(name, run, content));
        // The live subscription brings messages as they come.
        if (!query?.includes(' q') || query !== broughtBy.get(keyOf(name, run, before.content))) continue;
        if ((orders.get(before.content) ?? 0) > (orders.get(content) ?? 0) + SAME_SECOND_MS)
          yield `${name} was shown “${before.content}” of ${author} before “${content}”, which was sent first`;
      }
  },
};

/** What brought each message first, in each run of a daemon. */
const queries = new WeakMap<World, Map<string, string>>();

const keyOf = (machine: string, run: number | undefined, text: string): string => `${machine} ${run} ${text}`;
