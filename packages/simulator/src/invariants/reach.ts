import { dayMs } from '@ocmesh/shared/ambient';
import { type DeliveryState, limits } from '@ocmesh/shared/contract';
import type { Tables } from '../../../daemon/src/core/ports/store.ts';
import type { Machine } from '../agents/machine.ts';
import type { Sending } from '../model/record.ts';
import { relayUrl } from '../plan/plan.ts';
import type { World } from '../world.ts';
import { isCrowded } from './messages.ts';

/** Returns the state of a message in its sender's store; `gone` if it is not there. */
export function stateOf(world: World, { from, id }: Sending): DeliveryState | 'gone' | 'unknown' {
  const running = world.machines.get(from)?.running();
  if (!running || id === null) return 'unknown';
  return running.store.peek((tables) => tables.messages.get(id)?.state ?? 'gone');
}

/**
 * Whether a message need not arrive: its sender or receiver forgot it, or its time was over before faults ended. Once that is
 * over, a message that a relay accepted stays published.
 */
export function mayFail(world: World, sending: Sending): boolean {
  const { from, to, atMs, lifeMs } = sending;
  if (world.deployed.has(from)) return mayBeForgotten(world, sending);
  if (atMs + (lifeMs ?? LIFE_MS) < world.plan.faultsEndMs + SETTLED_MS) return true;
  return [from, to].some((name) => world.machines.get(name)?.record.isRewound ?? true);
}

/** Returns why this message need not arrive, although faults have ended; null if it has to. */
export function whyNotReachable(world: World, { from, to }: Pick<Sending, 'from' | 'to'>): string | null {
  const sender = world.machines.get(from);
  const receiver = world.machines.get(to);
  const senderKey = sender?.pubkey();
  const running = receiver?.running();
  if (!receiver || !running) return 'the receiver does not run';
  if (isCrowded(world, receiver)) return 'the receiver has no room';
  if (world.deployed.has(from)) return whyDeployedIsNotHeard(world, from, receiver);
  if (!sender?.running() || !senderKey) return 'the sender does not run';
  if (receiver.record.everBlocked.has(senderKey)) return 'the receiver blocked the sender';
  const receiverKey = receiver.pubkey();
  if (receiverKey && sender.record.everBlocked.has(receiverKey)) return 'the sender blocked the receiver';
  const isContact = running.store.peek((tables) => tables.peers.get(senderKey)?.trust === 'contact');
  if (!isContact && hadPolicy(world, to)) return 'the receiver takes no strangers';
  if (!sharedHonestRelay(world, from, to)) return 'they share no honest relay';
  return null;
}

/** A deployed agent sends once, through one relay. */
function whyDeployedIsNotHeard(world: World, from: string, receiver: Machine): string | null {
  const agent = world.deployed.get(from);
  if (!agent || receiver.record.everBlocked.has(agent.pubkey)) return 'the receiver blocked the sender';
  if (hadPolicy(world, receiver.name)) return 'the receiver takes no strangers';
  if (world.planOf(receiver.name)?.bounds === 'low') return 'the receiver remembers few ids';
  const relay = sharedHonestRelay(
    world,
    receiver.name,
    receiver.name,
    (name) => relayUrl(name) === agent.url,
  );
  return relay === undefined ? 'the receiver does not read that relay' : null;
}

/** Whether the relay lost the message, or the receiver looks back no further: senders of our version repeat it. */
function mayBeForgotten(world: World, { from, to, acceptedAtMs, atMs }: Sending): boolean {
  const url = world.deployed.get(from)?.url;
  const isForgotten = world.plan.steps.some(
    (step) => step.do === 'forget' && relayUrl(step.relay) === url && step.atMs > atMs,
  );
  const isRewound = world.machines.get(to)?.record.isRewound ?? true;
  const hasStepped = world.plan.steps.some((step) => step.do === 'step clock' && step.machine === to);
  return (
    isForgotten ||
    isRewound ||
    hasStepped ||
    acceptedAtMs === null ||
    world.plan.faultsEndMs - atMs > LOOK_BACK_MS
  );
}

/** Whether strangers' messages were ever held or dropped at this machine. */
const hadPolicy = (world: World, name: string): boolean =>
  world.planOf(name)?.strangers !== 'open' ||
  world.plan.steps.some((step) => step.do === 'set policy' && step.machine === name);

/** How far back a receiver asks relays. */
const LOOK_BACK_MS = 7 * dayMs;

/** How long a message lives unless its sender says otherwise. */
const LIFE_MS = limits.message.days * dayMs;

/** How long it may take until a message that a relay lost is offered to all relays again: three pauses, and reconnecting. */
const SETTLED_MS = 2_400_000;

/** Behaviours with which a relay still delivers everything. */
const harmless = ['duplicates', 'delays', 'wants AUTH', 'loses OKs'];

/** Returns a relay that both use now and that does what relays do. */
export function sharedHonestRelay(
  world: World,
  from: string,
  to: string,
  isMeant: (relay: string) => boolean = () => true,
): string | undefined {
  const ownOf = (name: string): readonly string[] =>
    world.machines
      .get(name)
      ?.running()
      ?.store.peek((tables) => [...ownRelays(tables, world, name)]) ?? [];
  const others = new Set(ownOf(to));
  return ownOf(from).find((name) => {
    const relay = world.relays.get(name);
    return (
      others.has(name) && isMeant(name) && relay?.behaviours.every(({ kind }) => harmless.includes(kind))
    );
  });
}

/** Names of the relays of a machine: those of its plan, and what its owner added or removed. */
function ownRelays(tables: Pick<Tables, 'relayChoices'>, world: World, name: string): Set<string> {
  const own = new Set(world.planOf(name)?.relays);
  for (const { url, wanted } of tables.relayChoices.list()) {
    const known = [...world.relays.keys()].find((relay) => url.startsWith(relayUrl(relay)));
    if (known && wanted) own.add(known);
    else if (known) own.delete(known);
  }
  return own;
}
