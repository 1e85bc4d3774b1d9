import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultPort, isHex64, OcmeshError } from '@ocmesh/shared/contract';
import { type AgentHomeOptions, agentHome } from './agent-home.ts';

/** Maximum size of a file that is read, in bytes: a real `daemon.json` has about 250. */
const FILE_BYTES = 4096;

export type DaemonUrlOptions = AgentHomeOptions;

/** Where the daemon is, and what shows that a program there is the daemon of this home. */
export interface FoundDaemon {
  readonly url: string;
  readonly home: string;
  /** null if we can read none: then there is no token to send either. */
  readonly secret: HomeSecret | null;
  /** Whether its home is ours to read, so that it has to prove that it owns it. */
  readonly mustProve: boolean;
  /** Whether we see no process with its pid: it has ended, or runs in a container. Only its proof tells which. */
  readonly isUnseen: boolean;
}

/** A secret of the home that the daemon knows as well. */
export interface HomeSecret {
  /** The field of `GET /proof` that answers for it. */
  readonly provedBy: 'proof' | 'token_proof';
  readonly key: string;
}

/**
 * Base URL of the daemon, without a trailing slash: `OCMESH_API_URL`, or else the URL that a running daemon wrote to
 * `daemon.json`, or else, if no home is named and there is none, the default port.
 * @throws OcmeshError `daemon_down` if that daemon is not running, or if `OCMESH_API_URL` names another machine
 */
export const daemonUrl = async (options: DaemonUrlOptions): Promise<string> =>
  (await findDaemon(options)).url;

/** The token in the home; null if there is none, or if other users can read it. */
export const daemonToken = async (options: DaemonUrlOptions): Promise<string | null> =>
  readToken(homeOf(options));

function homeOf(options: DaemonUrlOptions): string {
  const found = agentHome(options);
  if ('problem' in found)
    throw new OcmeshError('daemon_down', { message: found.problem, problem: 'home_unknown' });
  return found.path;
}

/** @throws OcmeshError as `daemonUrl` */
export async function findDaemon(options: DaemonUrlOptions): Promise<FoundDaemon> {
  const { env } = options;
  const home = homeOf(options);
  const file = join(home, 'daemon.json');
  const announced = await readDaemonFile(file);
  const named = env['OCMESH_API_URL'] ? loopbackUrl(env['OCMESH_API_URL']) : null;
  const token = await readToken(home);
  const byToken: HomeSecret | null = token === null ? null : { provedBy: 'token_proof', key: token };
  if (announced && (named === null || portOf(named) === announced.port)) {
    const key = announced.proofKey;
    // Which program listens at a named address is not for its pid to say.
    const isUnseen = named === null && !isAlive(announced.pid);
    // A daemon of an older version cannot prove that it runs all the same.
    if (isUnseen && key === null) throw notRunning(home);
    const secret = key === null ? byToken : ({ provedBy: 'proof', key } as const);
    return { url: named ?? announced.url, home, secret, mustProve: true, isUnseen };
  }
  const rest = { home, secret: byToken, mustProve: byToken !== null, isUnseen: false };
  if (named !== null) return { url: named, ...rest };
  // The daemon on the default port may belong to another home, so it is used only if no home was named.
  if (env['OCMESH_HOME']?.trim() || (await exists(file))) throw notRunning(home);
  const port = Number(env['OCMESH_PORT']);
  return { url: `http://127.0.0.1:${isPort(port) ? port : defaultPort}`, ...rest };
}

export const portOf = (url: string): number => Number(new URL(url).port || 80);

export const notRunning = (home: string): OcmeshError =>
  new OcmeshError('daemon_down', { message: `The ocmesh daemon of ${home} is not running.` });

/** A daemon that knows no `GET /proof`: what else listens there cannot be told from it. */
export const olderDaemon = (url: string): OcmeshError =>
  new OcmeshError('daemon_down', {
    message: `The ocmesh daemon at ${url} is older than this program, and cannot prove that it is yours. Nothing was sent to it.`,
    problem: 'older_daemon',
  });

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

async function readToken(home: string): Promise<string | null> {
  const text = await readOwnFile(join(home, 'token'), 0o077);
  const token = text?.trim() ?? '';
  // Nothing else fits into a header.
  return /^[!-~]+$/.test(token) ? token : null;
}

/** What a daemon says about itself in `daemon.json`. */
interface Announced {
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  /** null in the file of an older daemon. */
  readonly proofKey: string | null;
}

/** null if the file cannot be trusted: another user may have written it, or read the key in it. */
async function readDaemonFile(path: string): Promise<Announced | null> {
  const text = await readOwnFile(path, 0o077);
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

function readAnnounced(value: unknown): Announced | null {
  const { pid, port, url, proof_key } = (value ?? {}) as Record<string, unknown>;
  if (!isPort(port) || url !== `http://127.0.0.1:${port}` || !isPid(pid)) return null;
  return { pid, port, url, proofKey: typeof proof_key === 'string' && isHex64(proof_key) ? proof_key : null };
}

const isPort = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536;

const isPid = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;

/** Whether the process is alive and ours: a pid of another user's process has been reused. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
