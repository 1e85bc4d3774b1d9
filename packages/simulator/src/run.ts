import { openSql } from '../../daemon/src/adapters/store/sql/sql.ts';
import { createWorld, type WorldOptions } from './create-world.ts';
import { invariants } from './invariants/index.ts';
import { readAgain } from './invariants/messages.ts';
import type { Violation } from './model/record.ts';
import type { Plan } from './plan/plan.ts';
import { doStep } from './steps.ts';
import { settle } from './time/virtual-clock.ts';
import type { World } from './world.ts';

/** How often invariants are checked. */
const CHECK_MS = 60_000;
/** The same while no machine runs. */
const ASLEEP_CHECK_MS = 60 * 60_000;
/** How long a stop may take. */
const STOPPED_MS = 60_000;
/** How long after the faults a copy of a home stops. */
const COPY_STOPS_MS = 20 * 60_000;
/** A process that has ended: what it still tries concerns nobody. */
const ENDED = 'the process has ended';

export interface Result {
  readonly plan: Plan;
  readonly hash: string;
  readonly violations: readonly Violation[];
  readonly history: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
}

/** Runs a plan from its first step to its end. */
export async function simulate(plan: Plan, options: WorldOptions = {}): Promise<Result> {
  // Loading SQLite takes real time: before, not in the middle of a history.
  (await openSql(null)).close();
  const world = await createWorld(plan, options);
  const { virtual, violations } = world;
  const unhandled = (error: unknown): void => {
    if (!String(error).includes(ENDED))
      world.violate({ invariant: 'no promise fails unheard', detail: describeError(error) });
  };
  process.on('unhandledRejection', unhandled);
  try {
    for (const { name, begin } of invariants)
      begin?.(world, (detail) => world.violate({ invariant: name, detail }));
    for (const machine of world.machines.values()) machine.start();
    for (const step of plan.steps) virtual.at(step.atMs, () => doStep(world, step));
    virtual.at(plan.faultsEndMs, () => mend(world));
    for (let ms = CHECK_MS; ms < plan.endMs && violations.length === 0; ms += CHECK_MS) {
      await virtual.runUntil(ms);
      if (isAnyUp(world) || ms % ASLEEP_CHECK_MS === 0) checkAll(world, 'check');
    }
    if (violations.length === 0) await virtual.runUntil(plan.endMs);
    if (violations.length === 0) checkAll(world, 'atEnd');
    const hash = world.history.hash();
    await endAll(world);
    return { plan, hash, violations: [...violations], history: world.history.lines(), counts: world.counts };
  } finally {
    process.off('unhandledRejection', unhandled);
  }
}

const isAnyUp = ({ machines }: World): boolean => [...machines.values()].some((machine) => machine.isBusy());

function checkAll(world: World, when: 'check' | 'atEnd'): void {
  readAgain();
  for (const invariant of invariants)
    for (const detail of invariant[when]?.(world) ?? []) world.violate({ invariant: invariant.name, detail });
}

/** Ends all faults: what is broken is mended, what is down starts. */
function mend(world: World): void {
  world.history.note('plan', 'faults end');
  world.isQuiet = true;
  for (const name of [...world.relays.keys(), ...world.machines.keys()])
    world.disturbedMs.set(name, world.virtual.now());
  for (const relay of world.relays.values()) relay.setStanding('up');
  for (const machine of world.machines.values()) {
    for (const relay of world.relays.values()) {
      world.network.setCut(machine.name, relay.url, false);
      relay.setRefusal(machine.name, null);
    }
    machine.disk.setFull(false);
    machine.disk.setSlow(0);
    machine.disk.crashAt(Number.POSITIVE_INFINITY, 'kill');
    machine.clock.step(-machine.clock.offsetMs());
    machine.start();
    // One that is stopping starts once it has stopped.
    world.virtual.at(world.virtual.now() + STOPPED_MS, machine.start);
    // A copy says goodbye once everything is calm: the original must not seem to be gone with it.
    const isCopy = world.planOf(machine.name) === undefined;
    if (isCopy)
      world.virtual.at(world.virtual.now() + COPY_STOPS_MS, () => void machine.stop().catch(() => {}));
  }
}

/** Frees what the simulation holds. */
async function endAll(world: World): Promise<void> {
  for (const machine of world.machines.values()) machine.crash('kill');
  await settle();
}

const describeError = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 4).join(' ') : String(error);
