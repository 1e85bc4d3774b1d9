import type { Credentials, FetchLike } from './client.ts';
import { type DaemonUrlOptions, daemonToken, daemonUrl } from './daemon-url.ts';

/** How a client reaches the daemon: options of `createClient` and of `followEvents`. */
export interface DaemonAccess extends Credentials {
  readonly baseUrl: () => Promise<string>;
  readonly fetch: (...args: Parameters<FetchLike>) => Promise<Response>;
}

/** A redirect could lead a message, or the token, off this machine. */
const fetchHere: DaemonAccess['fetch'] = (url, init) => fetch(url, { ...init, redirect: 'error' });

/** For the `ocmesh` command, which a person runs: it shows the token with every call. */
export const ownerAccess = (options: DaemonUrlOptions): DaemonAccess => ({
  baseUrl: () => daemonUrl(options),
  fetch: fetchHere,
  token: () => daemonToken(options),
  asOwner: true,
});

/** For a model's tools: the token is not read before the daemon wants it with every call, and never makes an owner of it. */
export function agentAccess(options: DaemonUrlOptions): DaemonAccess {
  let isWanted = false;
  return {
    baseUrl: () => daemonUrl(options),
    fetch: fetchHere,
    token(demanded) {
      isWanted ||= demanded;
      return isWanted ? daemonToken(options) : null;
    },
  };
}
