import { homedir, userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** Path of the folder of an agent, or why it is unknown, as a sentence. */
export type AgentHome = { readonly path: string } | { readonly problem: string };

export interface AgentHomeOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home directory. Default: the system's. */
  readonly homeDir?: string;
}

/**
 * Finds the folder of the agent: `OCMESH_HOME`, or else `.ocmesh` in the user's home directory. `~` is expanded, because
 * configuration files and service managers pass it on as it is; other text that only a shell would expand is a problem.
 */
export function agentHome({ env, homeDir }: AgentHomeOptions): AgentHome {
  const named = env['OCMESH_HOME']?.trim();
  if (named) return namedHome('OCMESH_HOME', named, homeDir);
  return withUserHome(homeDir, (userHome) => join(userHome, '.ocmesh'));
}

/** Returns the folder that the user named. @param origin the variable or flag */
export function namedHome(origin: string, path: string, homeDir?: string): AgentHome {
  if (path === '~' || path.startsWith('~/'))
    return withUserHome(homeDir, (userHome) => join(userHome, path.slice(1)));
  if (/^[~$]/.test(path))
    return { problem: `${origin} is ${JSON.stringify(path)}, which only a shell would expand.` };
  return { path: resolve(path) };
}

function withUserHome(given: string | undefined, pathIn: (userHome: string) => string): AgentHome {
  const userHome = given ?? systemHome();
  if (userHome === null) {
    return {
      problem:
        'The home directory is unknown: HOME is not set, and this user has no entry in the user database.',
    };
  }
  if (!isAbsolute(userHome))
    return { problem: `HOME is ${JSON.stringify(userHome)}, which is not an absolute path.` };
  return { path: pathIn(userHome) };
}

/** Returns HOME or, if it is not set or empty, what the user database says; null if nothing does. */
export function systemHome(): string | null {
  for (const look of [homedir, () => userInfo().homedir]) {
    try {
      const path = look();
      if (path !== '') return path;
    } catch {
      // No entry in the user database, as in a container that runs as an arbitrary user.
    }
  }
  return null;
}
