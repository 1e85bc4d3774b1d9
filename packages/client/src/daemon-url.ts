import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultPort, OcmeshError } from '@ocmesh/shared/contract';
import { type AgentHomeOptions, agentHome } from './agent-home.ts';

/** Maximum size of a file that is read, in bytes: a real `daemon.json` has about 150. */
const FILE_BYTES = 4096;

export type DaemonUrlOptions = AgentHomeOptions;

/**
 * Base URL of the daemon, without a trailing slash: `OCMESH_API_URL`, or else the URL that a running daemon wrote to
 * `daemon.json`, or else, if no home is named and there is none, the default port.
 * @throws OcmeshError `daemon_down` if that daemon is not running, or if `OCMESH_API_URL` names another machine
 */
export const daemonUrl = async (options: DaemonUrlOptions): Promise<string> =>
  (await findDaemon(options)).url;

/**
 * Token of the daemon. null if it has none, and if only the default port identifies the daemon: another user's program
 * may listen there and would get it.
 * @throws OcmeshError as `daemonUrl`
 */
export async function daemonToken(options: DaemonUrlOptions): Promise<string | null> {
  const { tokenFile } = await findDaemon(options);
  const text = tokenFile && (await readOwnFile(tokenFile, 0o077));
  return text?.trim() || null;
}

async function findDaemon(options: DaemonUrlOptions) {
  const { env } = options;
  const found = agentHome(options);
  if ('problem' in found)
    throw new OcmeshError('daemon_down', { message: found.problem, problem: 'home_unknown' });
  const home = found.path;
  const tokenFile = join(home, 'token');
  if (env['OCMESH_API_URL']) return { url: loopbackUrl(env['OCMESH_API_URL']), tokenFile };
  const file = join(home, 'daemon.json');
  const written = await readDaemonFile(file);
  if (written) return { url: written, tokenFile };
  // The daemon on the default port may belong to another home, so it is used only if no home was named.
  if (env['OCMESH_HOME']?.trim() || (await exists(file))) {
    throw new OcmeshError('daemon_down', { message: `The ocmesh daemon of ${home} is not running.` });
  }
  const port = Number(env['OCMESH_PORT']);
  return { url: `http://127.0.0.1:${isPort(port) ? port : defaultPort}`, tokenFile: null };
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

/** Messages are private: they are sent only to this machine, whatever is configured. */
function loopbackUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const bare = url && url.pathname === '/' && !url.search && !url.hash && !url.username && !url.password;
  if (bare && url.protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(url.hostname))
    return url.origin;
  throw new OcmeshError('daemon_down', {
    message: 'OCMESH_API_URL is not an address of this machine.',
    problem: 'api_url_elsewhere',
  });
}

/** URL in the file; null if it cannot be trusted: another user or a dead daemon may have left it. */
async function readDaemonFile(path: string): Promise<string | null> {
  const text = await readOwnFile(path, 0o022);
  try {
    return text === null ? null : readAnnounced(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Reads a small file of this user; null for any other file, and if other users have one of these rights to it. */
async function readOwnFile(path: string, foreignRights: number): Promise<string | null> {
  // NONBLOCK: a pipe in place of the file must not block us.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(() => null);
  if (!file) return null;
  try {
    const stat = await file.stat();
    const isOurs = stat.isFile() && stat.uid === process.getuid?.() && (stat.mode & foreignRights) === 0;
    return isOurs && stat.size <= FILE_BYTES ? await file.readFile('utf8') : null;
  } catch {
    return null;
  } finally {
    await file.close();
  }
}

function readAnnounced(value: unknown): string | null {
  const { pid, port, url } = (value ?? {}) as Record<string, unknown>;
  if (!isPort(port) || url !== `http://127.0.0.1:${port}`) return null;
  return isAlive(pid) ? url : null;
}

const isPort = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536;

/** Whether the process is alive and ours: a pid of another user's process has been reused. */
function isAlive(pid: unknown): boolean {
  if (!Number.isSafeInteger(pid) || (pid as number) <= 0) return false;
  try {
    return process.kill(pid as number, 0);
  } catch {
    return false;
  }
}
