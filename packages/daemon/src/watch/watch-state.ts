import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, type Random, toHex, toIso } from '@ocmesh/shared/ambient';
import { prepareFile } from '../adapters/system/atomic-file.ts';
import type { Home } from '../adapters/system/home.ts';
import { ownProcess, type ProcessIdentity, stateOf } from '../adapters/system/process-identity.ts';
import { errnoOf } from '../node/errno.ts';

/** What a watcher has announced. */
export interface Announced {
  /** Position of arrival up to which messages are announced; null before the first look. */
  readonly cursor: string | null;
  /** Requests that still wait, as `<direction>:<pubkey>`. */
  readonly requests: readonly string[];
  /** Public keys of peers whose conversation is still paused. */
  readonly paused: readonly string[];
  /** Id of the last test message. */
  readonly test: string | null;
  /** When it last announced something, newest last, in ISO 8601: `watchLimits.atOnce` times at most. */
  readonly times: readonly string[];
}

/** A command that failed the last time it ran. */
interface Failing {
  /** When it last failed, in ISO 8601. */
  readonly at: string;
  readonly tries: number;
  readonly message: string;
}

interface SavedWatch {
  readonly owner: string;
  /** When it started, in ISO 8601. */
  readonly startedAt: string;
  readonly process: ProcessIdentity;
  readonly announced: Announced;
  readonly failing: Failing | null;
}

/** A watcher as `ocmesh status` and `ocmesh doctor` see it. */
export interface SeenWatch {
  readonly name: string;
  readonly isRunning: boolean;
  /** When one of this name last started, in ISO 8601. */
  readonly startedAt: string;
  readonly failing: Failing | null;
  /** Id of the last test message that it announced. */
  readonly test: string | null;
}

/** The durable state of the watcher of one name. */
export interface WatchState {
  /** Whether no later watcher took over the name. */
  isOurs(): boolean;
  announced(): Announced;
  /**
   * Puts on disk what will have been announced. @returns a function that makes it count: called right after the line was
   * written, it leaves a watcher that is killed next to no time to say it twice
   */
  prepare(announced: Announced): () => void;
  /** Saves that the command fails; null: that it works. */
  saveFailing(failing: Failing | null): void;
}

const folderOf = (home: Pick<Home, 'path'>): string => join(home.path, 'watch');
const nothing: Announced = { cursor: null, requests: [], paused: [], test: null, times: [] };

/**
 * Takes over the watcher of this name. The newest one wins: a client may start another before the one of a session that is
 * gone ends.
 */
export function claimWatch(
  home: Pick<Home, 'path'>,
  name: string,
  { random, clock }: { readonly random: Random; readonly clock: Pick<Clock, 'now'> },
): WatchState {
  const folder = folderOf(home);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${name}.json`);
  const earlier = read(path);
  let saved: SavedWatch = {
    owner: toHex(random.bytes(8)),
    startedAt: toIso(clock.now()),
    process: ownProcess(),
    announced: { ...nothing, ...earlier?.announced },
    failing: earlier?.failing ?? null,
  };
  /** Puts the changed state on disk. @returns a function that makes it count */
  function prepare(changes: Partial<SavedWatch>): () => void {
    const prepared = { ...saved, ...changes };
    // Not the name that another watcher uses at the same time.
    const commit = prepareFile(path, `${JSON.stringify(prepared)}\n`, { mode: 0o600, suffix: saved.owner });
    return () => {
      commit();
      saved = prepared;
    };
  }
  for (const left of readdirSync(folder)) if (left.startsWith(`${name}.json.`)) rmSync(join(folder, left));
  prepare({})();
  return {
    isOurs: () => read(path)?.owner === saved.owner,
    announced: () => saved.announced,
    prepare(announced) {
      const before = saved;
      const commit = prepare({ announced });
      // A command that began or ceased to fail meanwhile was saved under the same name.
      return () => (saved === before ? commit() : prepare({ announced })());
    },
    saveFailing(failing) {
      if (failing !== saved.failing) prepare({ failing })();
    },
  };
}

/** Lists the watchers that ever ran in this home. */
export function listWatches(home: Pick<Home, 'path'>): SeenWatch[] {
  const folder = folderOf(home);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .flatMap((file) => {
      const saved = read(join(folder, file));
      if (!saved) return [];
      const isRunning = stateOf(saved.process) === 'running';
      const { startedAt, failing, announced } = saved;
      const { test } = { ...nothing, ...announced };
      return [{ name: file.slice(0, -'.json'.length), isRunning, startedAt, failing, test }];
    });
}

/** Returns null if there is no such file, or what it holds is not ours: the watcher then starts from the unread messages. */
function read(path: string): SavedWatch | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    const saved = JSON.parse(text) as Partial<SavedWatch> | null;
    return saved?.owner && saved.startedAt && saved.process && saved.announced ? (saved as SavedWatch) : null;
  } catch {
    return null;
  }
}
