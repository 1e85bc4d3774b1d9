import type { Log } from '@ocmesh/shared/ambient';
import type { Config } from '../../daemon/src/config/schema.ts';
import { createAgentProgram } from './agents/agent-program.ts';
import { startDeployedAgent } from './agents/deployed-agent.ts';
import { createMachine, type Machine } from './agents/machine.ts';
import { writeOldHome } from './agents/old-home.ts';
import { createChance } from './chance.ts';
import { createTransparentEngine } from './crypto/transparent-engine.ts';
import { createSimulatedDisk, type SimulatedDisk } from './disk/simulated-disk.ts';
import { createHistory } from './model/history.ts';
import type { Violation } from './model/record.ts';
import { createWire } from './model/wire.ts';
import { createNetwork } from './network/network.ts';
import { boundsOf } from './plan/bounds.ts';
import { type MachinePlan, type Plan, relayUrl } from './plan/plan.ts';
import { createSimulatedRelay } from './relays/simulated-relay.ts';
import { createMachineClock } from './time/machine-clock.ts';
import { createVirtualClock } from './time/virtual-clock.ts';
import { count, type World } from './world.ts';

/** Violations after which a simulation ends: one fault breaks many things. */
const MAX_VIOLATIONS = 20;

export interface WorldOptions {
  /** Called for each line that a daemon logs. */
  readonly onLog?: (machine: string, level: keyof Log, message: string, fields: unknown) => void;
}

/** Creates everything that a plan names. No machine runs yet. */
export async function createWorld(
  plan: Plan,
  options: WorldOptions = {},
): Promise<World & { violations: readonly Violation[] }> {
  const virtual = createVirtualClock();
  const history = createHistory(virtual);
  const chance = createChance(String(plan.seed));
  const engine = createTransparentEngine(chance.fork('crypto'));
  const wire = createWire(engine);
  const violations: Violation[] = [];
  const network = createNetwork({
    virtual,
    chance: chance.fork('network'),
    onFrame(machine, url, direction, text) {
      history.mix(machine, url, direction, text);
      wire.onFrame(machine, url, direction, text, virtual.now());
    },
  });
  const machines = new Map<string, Machine>();
  const world: World & { violations: readonly Violation[] } = {
    plan,
    virtual,
    history,
    network,
    engine,
    machines,
    deployed: new Map(),
    relays: new Map(),
    sendings: [],
    strangersTexts: new Map(),
    wire,
    counts: new Map(),
    stateListeners: [],
    disturbedMs: new Map(),
    isQuiet: false,
    violations,
    machine: (name) => machines.get(name) as Machine,
    planOf: (name) => plan.machines.find((one) => one.name === name),
    keyOf: (name) => machines.get(name)?.pubkey() ?? world.deployed.get(name)?.pubkey,
    byKey(pubkey) {
      const ours = [...machines.values()].find((machine) => machine.pubkey() === pubkey)?.name;
      return ours ?? [...world.deployed].find(([, agent]) => agent.pubkey === pubkey)?.[0];
    },
    violate({ invariant, detail }) {
      if (violations.length >= MAX_VIOLATIONS) return;
      violations.push({ invariant, detail, atMs: virtual.now() });
      history.note('VIOLATION', `${invariant}: ${detail}`);
    },
  };
  logOf.set(world, (machine) => {
    const write = (level: keyof Log) => (message: string, fields?: unknown) =>
      options.onLog?.(machine, level, message, fields);
    return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  });
  for (const { name, behaviours } of plan.relays) {
    const relay = await createSimulatedRelay(
      { url: relayUrl(name), behaviours },
      { virtual, network, chance: chance.fork(name), isAuthentic: engine.verify },
    );
    network.add(relay);
    world.relays.set(name, relay);
  }
  for (const { name, software, relays, schema } of plan.machines) {
    if (software === 'ocmesh') {
      const files = schema ? await writeOldHome(world, name, schema) : undefined;
      const disk = files && createSimulatedDisk(virtual, chance.fork(`old disk of ${name}`), files);
      createMachineFor(world, { name, like: name, ...(disk && { disk }) });
    } else
      world.deployed.set(
        name,
        startDeployedAgent(world, {
          name,
          version: software === 'v0.1' ? '0.1.0' : '0.2.0',
          url: relayUrl(relays[0] as string),
        }),
      );
  }
  return world;
}

const logOf = new WeakMap<World, (machine: string) => Log>();

/** Creates a machine that is set up like the one of this name in the plan. @param disk with the home that it gets a copy of */
export function createMachineFor(
  world: World,
  { name, like, disk }: { readonly name: string; readonly like: string; readonly disk?: SimulatedDisk },
): Machine {
  const { plan, virtual, network, engine, history } = world;
  const setup = world.planOf(like);
  if (!setup) throw new Error(`the plan has no machine ${like}`);
  const chance = createChance(`${plan.seed}/${name}`);
  const program = createAgentProgram(world, setup.agent);
  const machine = createMachine(
    {
      name,
      config: configOf(setup),
      bounds: boundsOf[setup.bounds],
      compactBytes: setup.compactBytes ?? undefined,
    },
    {
      clock: createMachineClock(virtual, setup.drift),
      disk: disk ? disk.copy(chance.fork('disk')) : createSimulatedDisk(virtual, chance.fork('disk')),
      chance,
      engine,
      network,
      relay: (url) => [...world.relays.values()].find((relay) => relay.url === new URL(url).origin),
      log: logOf.get(world) as (machine: string) => Log,
      note: history.note,
      now: virtual.now,
      onCrash: (how) => count(world, how),
      later: (ms, run) => void virtual.at(virtual.now() + ms, run),
      onUp: program.onUp,
    },
  );
  world.machines.set(name, machine);
  return machine;
}

const configOf = ({ relays, strangers, announceSec, scanSec }: MachinePlan): Partial<Config> => ({
  relays: relays.map(relayUrl),
  strangers,
  announce_interval_s: announceSec,
  scan_interval_s: scanSec,
  online_window_s: 3 * announceSec,
});
