import { FORGED_NAME } from '../relays/misbehaving-frames.ts';
import type { Invariant } from './invariant.ts';
import { upright } from './messages.ts';

export const nothingForged: Invariant = {
  name: 'nothing that its author did not sign has an effect',
  *check(world) {
    const sent = new Map(
      world.sendings.map((sending) => [`${sending.content} → ${sending.to}`, sending.from]),
    );
    for (const { name, record, running } of upright(world)) {
      for (const peer of world.machines.values()) {
        const key = peer.pubkey();
        const known = key && running()?.store.peek((tables) => tables.peers.get(key)?.name);
        if (known === FORGED_NAME) yield `${name} believes a forged presence of ${peer.name}`;
      }
      for (const { from, content } of record.shown) {
        const author = world.byKey(from);
        const sender = sent.get(`${content} → ${name}`);
        const isReal = sender !== undefined && world.keyOf(sender) === from;
        if (!isReal && world.strangersTexts.get(content) !== from)
          yield `${name} was shown “${content.slice(0, 60)}”, which ${author ?? from.slice(0, 8)} did not send`;
      }
    }
  },
};
