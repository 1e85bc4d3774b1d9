import { OcmeshError } from '@ocmesh/shared/contract';
import type { Credentials } from './client.ts';
import {
  type DaemonUrlOptions,
  daemonToken,
  daemonUrl,
  findDaemon,
  notRunning,
  portOf,
} from './daemon-url.ts';
import { createLoopbackFetch, type LoopbackFetch } from './loopback-fetch.ts';
import { proveHome } from './prove-home.ts';

/** How a client reaches the daemon: options of `createClient` and of `followEvents`. */
export interface DaemonAccess extends Credentials {
  readonly baseUrl: () => Promise<string>;
  readonly fetch: LoopbackFetch;
}

/** Access for the `ocmesh` command, which a person runs: sends the token with every call. */
export const ownerAccess = (options: DaemonUrlOptions): DaemonAccess => ({
  baseUrl: () => daemonUrl(options),
  fetch: createProvenFetch(options),
  token: () => daemonToken(options),
  asOwner: true,
});

/** Access for a model's tools: sends the token only once the daemon demands it for every call, and never acts as the owner. */
export function agentAccess(options: DaemonUrlOptions): DaemonAccess {
  let isDemanded = false;
  return {
    baseUrl: () => daemonUrl(options),
    fetch: createProvenFetch(options),
    token(demanded) {
      isDemanded ||= demanded;
      return isDemanded ? daemonToken(options) : null;
    },
  };
}

/**
 * Creates a `fetch` that sends nothing to a program before it has proved that it is the daemon of this home: once on each
 * connection, so that no other program can take the place of a daemon that ended. Where there is no home of ours, nothing
 * can be proved, and the token is held back.
 */
function createProvenFetch(options: DaemonUrlOptions): LoopbackFetch {
  const create = (mustProve: boolean): LoopbackFetch =>
    createLoopbackFetch(async (socket, port) => {
      // An error that nobody listens for would end the process.
      socket.on('error', () => {});
      const daemon = await findDaemon(options);
      // It has just been started, on this port or another one.
      if (portOf(daemon.url) !== port || daemon.mustProve !== mustProve) throw new OcmeshError('daemon_down');
      await proveHome(socket, port, daemon).catch((error) => {
        // Whatever listens there now, it is not the daemon that wrote the file.
        throw daemon.isUnseen ? notRunning(daemon.home) : error;
      });
    });
  const proven = create(true);
  const unproven = create(false);
  return async (url, init = {}) => {
    if ((await findDaemon(options)).mustProve) return proven(url, init);
    const { authorization: _, ...headers } = init.headers ?? {};
    return unproven(url, { ...init, headers });
  };
}
