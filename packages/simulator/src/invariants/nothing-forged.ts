import type { Invariant } from './invariant.ts';
import { upright } from './messages.ts';

export const nothingForged: Invariant = {
  name: 'nothing that its author did not sign has an effect',
  *check(world) {
    const sent = new Map(
      world.sendings.map((sending) => [`${sending.content} → ${sending.to}`, sending.from]),
    );
    for (const { name, record } of upright(world))
      for (const { from, content } of record.shown) {
        const author = world.byKey(from);
        const sender = sent.get(`${content} → ${name}`);
        const isReal = sender !== undefined && world.keyOf(sender) === from;
        if (!isReal && world.strangersTexts.get(content) !== from)
          yield `${name} was shown “${content.slice(0, 60)}”, which ${author ?? from.slice(0, 8)} did not send`;
      }
  },
};
