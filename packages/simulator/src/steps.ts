import { sendMessage } from './agents/send-message.ts';
import { createMachineFor } from './create-world.ts';
import { type Action, relayUrl, type Step } from './plan/plan.ts';
import { actAsStranger } from './strangers.ts';
import { count, type World } from './world.ts';

/** Does one step of a plan. What cannot be done, because a machine is down say, is left out. */
export function doStep(world: World, step: Step): void {
  world.history.note('plan', describe(step));
  count(world, step.do);
  act(world, step);
}

/** Returns the step in words. */
function describe(step: Action): string {
  const { do: what, ...rest } = step as Action & { atMs?: number };
  const words = Object.entries(rest)
    .filter(([name]) => name !== 'atMs')
    .map(([name, value]) => (name === 'machine' || name === 'relay' ? String(value) : `${name} ${value}`));
  return [what, ...words].join(', ');
}

function act(world: World, step: Step): void {
  if (step.do === 'send' && world.deployed.has(step.machine)) {
    world.deployed.get(step.machine)?.send(step.to, step.content);
    return;
  }
  if ((step.do === 'stop' || step.do === 'start') && world.deployed.has(step.machine)) {
    world.deployed.get(step.machine)?.setOn(step.do === 'start');
    return;
  }
  if (!calm.includes(step.do))
    for (const name of namesIn(step)) world.disturbedMs.set(name, world.virtual.now());
  const relay = 'relay' in step ? world.relays.get(step.relay) : undefined;
  const machine = 'machine' in step ? world.machines.get(step.machine) : undefined;
  if (step.do === 'change relay') return relay?.setStanding(step.standing);
  if (step.do === 'forget') return void relay?.forget();
  if (!machine) return;
  const url = 'relay' in step ? relayUrl(step.relay) : '';
  const handlers = machine.running()?.agent.handlers;
  const owner = { owner: true } as const;
  switch (step.do) {
    case 'send':
      return void sendMessage(world, machine, step);
    case 'start':
      return machine.start();
    case 'take over':
      return machine.takeOver();
    case 'stop':
      return void machine.stop().catch(() => {});
    case 'crash':
      if (step.operations === 0) machine.crash(step.how);
      else machine.disk.crashAt(step.operations, step.how);
      return;
    case 'crash at rename':
      return machine.disk.crashAt(step.renames, step.how, 'rename');
    case 'step clock':
      return machine.clock.step(step.ms);
    case 'fill disk':
    case 'free disk':
      return machine.disk.setFull(step.do === 'fill disk');
    case 'slow disk':
      return machine.disk.setSlow(step.ms);
    case 'reset connections':
      return world.network.drop(machine.name, 'reset');
    case 'cut':
    case 'heal':
      return world.network.setCut(machine.name, url, step.do === 'cut');
    case 'copy':
      if (machine.isBusy() || world.machines.has(step.as)) return;
      return copyMachine(world, step.machine, step.as);
    case 'back up':
    case 'restore':
      return void backUpOrRestore(world, step.machine, step.do);
    case 'refuse':
      return relay?.setRefusal(machine.name, step.reason);
    case 'take again':
      return relay?.setRefusal(machine.name, null);
    case 'mark read':
      return void handlers?.markRead({ all: true }).catch(() => {});
    case 'trust':
      return void trust(world, step);
    case 'set policy':
      return void handlers?.setPolicy({ strangers: step.strangers }, owner).catch(() => {});
    case 'add relay':
      return void handlers?.addRelay({ url }, owner).catch(() => {});
    case 'remove relay':
      return void handlers?.removeRelay({ url }, owner).catch(() => {});
    case 'stranger':
      if (relay) actAsStranger(world, step.what, { machine, relay, count: step.count });
  }
}

/** What disturbs nobody. */
const calm: readonly Action['do'][] = ['send', 'mark read', 'back up', 'stranger', 'set policy'];

/** Names of the machines and relays that a step is about. */
export const namesIn = (step: Action): string[] =>
  [
    'machine' in step ? step.machine : null,
    'relay' in step ? step.relay : null,
    'peer' in step ? step.peer : null,
    'to' in step ? step.to : null,
    'as' in step ? step.as : null,
  ].filter((name) => name !== null);

async function trust(world: World, step: Extract<Action, { do: 'trust' }>): Promise<void> {
  const machine = world.machine(step.machine);
  const handlers = machine.running()?.agent.handlers;
  const pubkey = world.keyOf(step.peer);
  if (!handlers || !pubkey) return;
  if (step.trust === 'blocked') machine.record.everBlocked.add(pubkey);
  else machine.record.blocked.delete(pubkey);
  try {
    await handlers.updatePeer({ pubkey, trust: step.trust }, { owner: true });
    const newest = machine.running()?.store.peek((tables) => tables.messages.lastArrival());
    if (step.trust === 'blocked' && newest !== undefined) machine.record.blocked.set(pubkey, newest);
  } catch {
    // The peer is not known yet, or the daemon ended meanwhile.
  }
}

const backups = new WeakMap<World, Map<string, () => Promise<void>>>();

async function backUpOrRestore(world: World, name: string, what: 'back up' | 'restore'): Promise<void> {
  const machine = world.machine(name);
  const kept = backups.get(world) ?? new Map<string, () => Promise<void>>();
  backups.set(world, kept);
  try {
    if (what === 'back up') {
      kept.set(name, await machine.backUp());
      return;
    }
    const restore = kept.get(name);
    if (!restore || machine.isBusy()) return;
    await restore();
    world.history.note(name, 'has an older backup restored');
    machine.start();
  } catch (error) {
    world.history.note(name, `${what} fails: ${error}`);
  }
}

/** Starts a copy of a home on another machine, while the first goes on. */
function copyMachine(world: World, of: string, as: string): void {
  const original = world.machine(of);
  const copy = createMachineFor(world, { name: as, like: of, disk: original.disk });
  for (const { record } of [original, copy]) record.isRewound = true;
  copy.start();
  original.start();
}
