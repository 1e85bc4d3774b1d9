import type { Clock } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { kinds } from '@ocmesh/shared/wire';
import type { Agent } from '../../../daemon/src/agent.ts';
import type { HealthReason } from '../../../daemon/src/core/model/domain-events.ts';
import type { Store } from '../../../daemon/src/core/ports/store.ts';
import type { Chance } from '../chance.ts';
import type { CrashKind, SimulatedDisk } from '../disk/simulated-disk.ts';
import { type MachineRecord, newMachineRecord } from '../model/record.ts';
import type { MachineClock } from '../time/machine-clock.ts';
import { backUp, type DaemonDeps, type DaemonOptions, openDaemon } from './open-daemon.ts';

/** Pause after which a service manager starts a daemon that ended by itself. */
const RESTART_MS = 5_000;

export interface MachineDeps extends DaemonDeps {
  readonly clock: MachineClock;
  readonly disk: SimulatedDisk;
  readonly chance: Chance;
  readonly note: (who: string, what: string) => void;
  readonly now: () => number;
  readonly later: (ms: number, run: () => void) => void;
  readonly onCrash: (how: CrashKind) => void;
  /** Called when a daemon is up. */
  readonly onUp: (machine: Machine, running: Running) => void;
}

/** A daemon that is up. */
export interface Running {
  readonly agent: Agent;
  readonly store: Store;
  readonly clock: Clock;
  /** Number of this run on its machine. */
  readonly run: number;
  /** Fires when the daemon has ended, however. */
  readonly ended: AbortSignal;
}

/** A machine with one home, on which a daemon runs, crashes and starts again. */
export interface Machine {
  readonly name: string;
  readonly record: MachineRecord;
  readonly disk: SimulatedDisk;
  readonly clock: MachineClock;
  /** The key of its agent; null until the first start. */
  pubkey(): Pubkey | null;
  running(): Running | null;
  /** Why it says that it is degraded. */
  reasons(): readonly HealthReason[];
  /** Whether a process is there: it may be starting, or stopping. */
  isBusy(): boolean;
  start(): void;
  /** Starts a second daemon, which becomes the owner of the home while the first one knows nothing of it. */
  takeOver(): void;
  stop(): Promise<void>;
  crash(how: CrashKind): void;
  /** Keeps the files as a backup does. @returns a function that restores them on a machine without a process */
  backUp(): Promise<() => Promise<void>>;
}

export function createMachine(options: DaemonOptions, deps: MachineDeps): Machine {
  const { name } = options;
  const { clock: machineClock, disk, chance, network, note } = deps;
  const record = newMachineRecord();
  let pubkey: Pubkey | null = null;
  let runs = 0;
  let current: { readonly end: () => void; running: Running | null } | null = null;
  /** Ends each process that is left: the current one, and those that it took over from. */
  const alive = new Set<() => void>();

  function start(): void {
    if (!current) startRun();
  }

  function startRun(): void {
    const run = ++runs;
    const clock = machineClock.forProcess();
    const ended = new AbortController();
    const processName = `${name} run ${run}`;
    const files = disk.forProcess((how) => (current === mine ? crash(how) : mine.end()));
    const mine = {
      running: null as Running | null,
      end() {
        if (current === mine) {
          current = null;
          record.goneAtMs = deps.now();
        }
        alive.delete(mine.end);
        clock.end();
        files.end();
        ended.abort();
        network.drop(processName, 'kill');
      },
    };
    current = mine;
    alive.add(mine.end);
    note(name, `starts, run ${run}`);
    function failStop(error: unknown): void {
      if (ended.signal.aborted) return;
      note(name, `run ${run} gives up its disk: ${error}`);
      const wasOwner = current === mine;
      mine.end();
      if (wasOwner) deps.later(RESTART_MS, start);
    }
    openDaemon(options, deps, {
      clock,
      files,
      processName,
      random: chance.fork(`run ${run}`),
      isOwner: () => current === mine,
      onFailStop: failStop,
      onVerify(event) {
        // The author of a gift wrap's seal is known only once it is open.
        if (event.kind !== kinds.seal && record.blocked.has(event.pubkey)) record.checkedBlocked++;
      },
    }).then(
      (opened) => {
        if (current !== mine) return;
        mine.running = { ...opened, clock, run, ended: ended.signal };
        pubkey = opened.agent.identity.pubkey;
        record.upAtMs = deps.now();
        note(name, 'is up');
        deps.onUp(machine, mine.running);
      },
      (error) => {
        if (current !== mine) return;
        note(name, `cannot start: ${error}`);
        mine.end();
        deps.later(RESTART_MS, start);
      },
    );
  }

  function crash(how: CrashKind): void {
    if (!current) return;
    note(name, how === 'kill' ? 'is killed' : 'loses power');
    deps.onCrash(how);
    if (how === 'power cut') network.drop(name, how);
    current.end();
    if (how !== 'power cut') return;
    for (const end of alive) end();
    disk.cutPower();
  }

  const machine: Machine = {
    name,
    record,
    disk,
    clock: machineClock,
    pubkey: () => pubkey,
    running: () => current?.running ?? null,
    reasons: () => current?.running?.agent.reasons() ?? [],
    isBusy: () => current !== null,
    start,
    takeOver() {
      if (!current?.running) return;
      current.running = null;
      startRun();
    },
    async stop() {
      const mine = current;
      if (!mine?.running) return;
      const { agent, store } = mine.running;
      mine.running = null;
      note(name, 'stops');
      await agent.stop();
      await store.close();
      if (current !== mine) return;
      note(name, 'has stopped');
      mine.end();
    },
    crash,
    async backUp() {
      const restore = await backUp(disk);
      return async () => {
        await restore();
        record.isRewound = true;
      };
    },
  };
  return machine;
}
