import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import type { RunCommand } from './run-command.ts';

/** Where package managers put a `node` that outlives its upgrades. */
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

/** Paths that go away with one version of Node: version managers, and Homebrew's cellar. */
const FLEETING =
  /\/(\.nvm|\.?fnm|fnm_multishells|\.volta|\.asdf|\.?mise|\.nodenv|\.nodebrew|\.nvs|\.n|n\/versions|\.proto|Cellar)\//;

export interface NodeChoice {
  readonly path: string;
  /** What the owner should know about it. */
  readonly warning: string | null;
}

export interface NodeSearch {
  readonly run: RunCommand;
  /** Of the Node that runs now. */
  readonly execPath: string;
  /** Follows links; null where nothing is. */
  readonly realPath: (path: string) => string | null;
  /** The owner's own choice. */
  readonly asked?: string;
}

/**
 * A path to Node that a service manager can use for years: found by running it with an empty environment, as a
 * service manager will. A file that is there proves little; an old one may miss its libraries.
 * @throws ExitError when the one that was asked for does not work
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
  const candidates = [...same, ...(FLEETING.test(execPath) ? [] : [execPath]), ...there];
  for (const path of new Set(candidates)) {
    if (!(await nodeProblem(run, path))) return { path, warning: null };
  }
  return {
    path: execPath,
    warning: `The service will use ${execPath}, which goes away with this version of Node. When it does, run the installer again.`,
  };
}

/** Why this is no Node for us; null when it is one. */
export async function nodeProblem(run: RunCommand, path: string): Promise<string | null> {
  const { code, stdout } = await run(path, ['-p', 'process.versions.node'], { env: {} });
  if (code === 127) return 'it is not there';
  const version = stdout.trim();
  return code === 0 ? versionProblem(version) : 'it does not run';
}

const LEAST = [20, 19] as const;

/** Why a Node of this version will not do; null when it will. @param version as `20.19.0` */
export function versionProblem(version: string): string | null {
  const [, major, minor] = /^(\d+)\.(\d+)\.\d+/.exec(version)?.map(Number) ?? [];
  if (major === undefined || minor === undefined) return 'it does not run';
  const fits = major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
  return fits ? null : `it is version ${version}, and ${LEAST.join('.')} is the oldest that will do`;
}
