import type { Machine } from '../agents/machine.ts';
import type { World } from '../world.ts';
import type { Invariant } from './invariant.ts';
import { isCrowded, storedOn, upright } from './messages.ts';
import { mayFail, whyNotReachable } from './reach.ts';

export const ladderIsTrue: Invariant = {
  name: 'what the sender sees is what the receiver has',
  *check(world) {
    const machines = upright(world).map((machine) => ({
      machine,
      received: new Map(storedOn(machine, 'in').map((message) => [message.id, message])),
    }));
    const receivers = new Map(machines.map((one) => [one.machine.pubkey(), one]));
    for (const { machine: sender } of machines)
      for (const { id, peer, state, content } of storedOn(sender, 'out')) {
        if (state !== 'delivered' && state !== 'read') continue;
        const { machine: receiver, received } = receivers.get(peer) ?? {};
        const found = received?.get(id);
        if (!receiver || isCrowded(world, receiver)) continue;
        const text = `${sender.name} sees “${content}” as ${state}, but ${receiver.name}`;
        if (!found) yield `${text} does not have it`;
        else if (state === 'read' && !found.read) yield `${text} has not read it`;
      }
  },
  *atEnd(world) {
    for (const receiver of upright(world))
      for (const { id, peer, read, content } of storedOn(receiver, 'in')) {
        const sender = upright(world).find((machine) => machine.pubkey() === peer);
        const state = sender?.running()?.store.peek((tables) => tables.messages.get(id)?.state);
        if (!sender || !state || whyNotReachable(world, { from: sender.name, to: receiver.name }) !== null)
          continue;
        if (whyNotReachable(world, { from: receiver.name, to: sender.name }) !== null) continue;
        // A receipt that a relay lost comes again only with the message, while its sender tries.
        const sending = world.sendings.find((one) => one.id === id && one.from === sender.name);
        if (sending && mayFail(world, sending)) continue;
        if (mayBeRefused(world, receiver)) continue;
        const isTrue = read ? state === 'read' : state === 'delivered';
        if (!isTrue)
          yield `${receiver.name} has “${content}”${read ? ' and read it' : ''}, but ${sender.name} still sees it as ${state}`;
      }
  },
};

/**
 * Whether its receipts may be lost to a relay that refused it: as invalid, which is final, or while another of its relays took
 * them, which the sender does not read. They come again with the message, which is repeated after growing pauses.
 */
const mayBeRefused = (world: World, { name }: Machine): boolean =>
  world.plan.steps.some(
    (step) =>
      step.do === 'refuse' &&
      step.machine === name &&
      (step.reason.startsWith('invalid') || (world.planOf(name)?.relays.length ?? 0) > 1),
  );
