import { execFile } from 'node:child_process';

/** A running program whose output counts as progress. */
export interface WatchedProgram {
  readonly name: string;
  /** Everything it has printed so far. */
  output(): string;
}

export interface UntilOptions {
  /** Something else that shows progress, such as a counter. Its last value is part of the error message. */
  readonly moves?: () => unknown;
  /** Gives up after this long without progress. */
  readonly quietMs?: number;
  /** Gives up after this long in any case. */
  readonly maxMs?: number;
}

/** Far more than any pause of a daemon that is waiting for something to happen. */
const QUIET_MS = 60_000;
const MAX_MS = 300_000;
/** `look` often costs the watched program a request: the longer the wait, the less often it is called. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;
const PAUSE_GROWTH = 1.05;
/** How often progress is checked. */
const CHECK_MS = 1_000;
/** How often the processor time of all child processes is read. */
const CPU_CHECK_MS = 5_000;
/** An idle program that only answers `look` uses less of a processor than this; a starved one that works uses more. */
const WORKING_SHARE = 0.05;
const LAST_LINES = 3;

const programs = new Set<WatchedProgram>();

/** Counts what this program prints as progress. @returns the function that ends this */
export function watchProgram(program: WatchedProgram): () => void {
  programs.add(program);
  return () => void programs.delete(program);
}

/**
 * Calls `look` until it returns something. A busy machine makes everything slower, so the time alone never fails a test:
 * the wait goes on while programs print, processes compute, or `moves` changes. Without any progress for `quietMs`, or
 * after `maxMs`, it rejects with an error that says what was last seen.
 */
export async function until<T>(
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  { moves, quietMs = QUIET_MS, maxMs = MAX_MS }: UntilOptions = {},
): Promise<T> {
  const startMs = performance.now();
  const progress = createProgress(moves);
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * PAUSE_GROWTH)) {
    const found = await look();
    if (found) return found;
    const nowMs = performance.now();
    const quietForMs = nowMs - (await progress.lastMs(nowMs));
    if (quietForMs > quietMs || nowMs - startMs > maxMs) {
      const waited = `waited ${seconds(nowMs - startMs)}, the last ${seconds(quietForMs)} without progress`;
      throw new Error([waited, ...progress.lastSeen()].join('\n'));
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

function createProgress(moves: (() => unknown) | undefined) {
  let lastMs = performance.now();
  let checkedMs = lastMs;
  let cpuCheckedMs = lastMs;
  let seen = '';
  let isRunning = false;
  /** Processor seconds of each process when something last moved. */
  let cpu: ReadonlyMap<number, number> | null = null;

  const look = async (): Promise<string> => {
    const outputs = [...programs].map(({ output }) => output().length);
    return JSON.stringify([outputs, await moves?.()]);
  };

  async function checkCpu(nowMs: number): Promise<void> {
    const now = await processorSeconds();
    const used = [...now].reduce((sum, [pid, sec]) => sum + sec - (cpu?.get(pid) ?? sec), 0);
    if (cpu && used * 1000 < Math.max(1_000, (nowMs - lastMs) * WORKING_SHARE)) return;
    if (cpu) lastMs = nowMs;
    cpu = now;
  }

  return {
    /** When something last moved. */
    async lastMs(nowMs: number): Promise<number> {
      if (nowMs - checkedMs >= CHECK_MS) {
        checkedMs = nowMs;
        const now = await look();
        if (now !== seen) {
          seen = now;
          lastMs = nowMs;
        }
      }
      if (nowMs - cpuCheckedMs >= CPU_CHECK_MS && !isRunning) {
        cpuCheckedMs = nowMs;
        isRunning = true;
        void checkCpu(nowMs).finally(() => {
          isRunning = false;
        });
      }
      return lastMs;
    },
    lastSeen(): string[] {
      const lines = [...programs].map(
        ({ name, output }) => `${name}: ${output().trimEnd().split('\n').slice(-LAST_LINES).join('\n  ')}`,
      );
      return moves ? [`last seen: ${seen}`, ...lines] : lines;
    },
  };
}

/** Processor seconds used by this process and its descendants; of none where `ps` is missing. */
async function processorSeconds(): Promise<ReadonlyMap<number, number>> {
  const text = await new Promise<string>((resolve) =>
    execFile('ps', ['-axo', 'pid=,ppid=,time='], (_, stdout) => resolve(stdout ?? '')),
  );
  const rows = text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const found = new Map<number, number>();
  const ours = new Set([process.pid]);
  // A child may be listed before its parent: look again until nothing is added.
  for (let size = 0; size !== ours.size; ) {
    size = ours.size;
    for (const [pid, parent, time = ''] of rows) {
      if (!ours.has(Number(pid)) && !ours.has(Number(parent))) continue;
      ours.add(Number(pid));
      found.set(Number(pid), toSeconds(time));
    }
  }
  return found;
}

/** From `[days-][hours:]minutes:seconds`, with a fraction on macOS. */
function toSeconds(time: string): number {
  const [clock = '', days = '0'] = time.split('-').reverse();
  return clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(0)} s`;
