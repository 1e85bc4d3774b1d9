import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import type { RunCommand } from './run-command.ts';

/** Paths at which package managers put a `node` that stays across upgrades. */
const STABLE_PATHS = [
  '/opt/homebrew/bin/node',
  '/usr/local/bin/node',
  '/opt/local/bin/node',
  '/home/linuxbrew/.linuxbrew/bin/node',
  '/run/current-system/sw/bin/node',
  '/usr/bin/node',
  ...['/opt/homebrew', '/usr/local'].flatMap((prefix) =>
    [26, 24, 22, 20].map((major) => `${prefix}/opt/node@${major}/bin/node`),
  ),
];

/** Paths that disappear with one version of Node: those of version managers, and Homebrew's cellar. */
const VERSIONED =
  /\/(\.nvm|\.?fnm|fnm_multishells|\.volta|\.asdf|\.?mise|\.nodenv|\.nodebrew|\.nvs|\.n|n\/versions|\.proto|Cellar)\//;

export interface NodeChoice {
  readonly path: string;
  /** Warning for the owner; null if there is none. */
  readonly warning: string | null;
}

export interface NodeSearch {
  readonly run: RunCommand;
  /** Path of the running Node. */
  readonly execPath: string;
  /** Follows links; null if the path does not exist. */
  readonly realPath: (path: string) => string | null;
  /** The owner's choice. */
  readonly asked?: string;
}

/**
 * Finds a path to Node that a service manager can use for years. Each candidate is run with an empty environment, as the
 * service manager will: an existing file may still be too old, or its libraries may be missing.
 * @throws ExitError if the owner's choice does not work
 */
export async function findNode({ run, execPath, realPath, asked }: NodeSearch): Promise<NodeChoice> {
  if (asked !== undefined) {
    const problem = asked.startsWith('/') ? await nodeProblem(run, asked) : 'it is not an absolute path';
    if (problem) throw new ExitError(exitCodes.permanent, `--node ${asked} cannot be used: ${problem}.`);
    return { path: asked, warning: null };
  }
  const running = realPath(execPath);
  const there = STABLE_PATHS.filter((path) => realPath(path) !== null);
  const same = there.filter((path) => realPath(path) === running);
  const candidates = [...same, ...(VERSIONED.test(execPath) ? [] : [execPath]), ...there];
  for (const path of new Set(candidates)) {
    if (!(await nodeProblem(run, path))) return { path, warning: null };
  }
  return {
    path: execPath,
    warning: `The service will use ${execPath}, which disappears with this version of Node. Run the installer again after an upgrade.`,
  };
}

/** Returns why this Node cannot be used; null if it can. */
export async function nodeProblem(run: RunCommand, path: string): Promise<string | null> {
  const { code, stdout } = await run(path, ['-p', 'process.versions.node'], { env: {} });
  if (code === 127) return 'it does not exist';
  const version = stdout.trim();
  return code === 0 ? versionProblem(version) : 'it does not run';
}

const OLDEST = [20, 19] as const;

/** Returns why a Node of this version cannot be used; null if it can. @param version as `20.19.0` */
export function versionProblem(version: string): string | null {
  const [, major, minor] = /^(\d+)\.(\d+)\.\d+/.exec(version)?.map(Number) ?? [];
  if (major === undefined || minor === undefined) return 'it does not run';
  const fits = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  return fits ? null : `it is version ${version}, but at least ${OLDEST.join('.')} is needed`;
}
