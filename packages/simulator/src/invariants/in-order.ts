import type { Invariant } from './invariant.ts';
import { storedOn, upright } from './messages.ts';

export const inOrder: Invariant = {
  name: 'each conversation is listed in its sender’s order',
  *atEnd(world) {
    for (const receiver of upright(world))
      for (const sender of upright(world)) {
        const key = sender.pubkey();
        const receiverKey = receiver.pubkey();
        if (sender === receiver || !key || !receiverKey) continue;
        const order = new Map(
          storedOn(sender, 'out', 'arrival', receiverKey).map(({ id }, place) => [id, place]),
        );
        // A message without a number has no place but its arrival, and one of a clock that was set back may be of a new series.
        const listed = storedOn(receiver, 'in', 'conversation', key).filter(
          ({ id, seq }) => order.has(id) && seq !== null,
        );
        for (const [at, { id, content, writtenMs }] of listed.entries()) {
          const before = listed[at - 1];
          const isSetBack = (before?.writtenMs ?? 0) < (writtenMs ?? 0);
          if (before && !isSetBack && (order.get(before.id) ?? 0) > (order.get(id) ?? 0))
            yield `${receiver.name} lists “${content}” of ${sender.name} after “${before.content}”, which was sent later`;
        }
      }
  },
};
