import type { Invariant } from './invariant.ts';
import { upright } from './messages.ts';

export const shownOnce: Invariant = {
  name: 'no message is shown twice',
  *check(world) {
    for (const { name, record } of upright(world)) {
      const seen = new Set<string>();
      for (const { content, from } of record.shown) {
        const key = `${from} ${content}`;
        // Strangers may write what they like.
        if (seen.has(key) && world.byKey(from)) yield `${name} was shown “${content}” twice`;
        seen.add(key);
      }
    }
  },
};
