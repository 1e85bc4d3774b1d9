import type { Credentials, FetchLike } from './client.ts';
import { type DaemonUrlOptions, daemonToken, daemonUrl } from './daemon-url.ts';

/** How a client reaches the daemon: options of `createClient` and of `followEvents`. */
export interface DaemonAccess extends Credentials {
  readonly baseUrl: () => Promise<string>;
  readonly fetch: (...args: Parameters<FetchLike>) => Promise<Response>;
}

/** Refuses redirects: one could send a message, or the token, to another machine. */
const fetchHere: DaemonAccess['fetch'] = (url, init) => fetch(url, { ...init, redirect: 'error' });

/** Access for the `ocmesh` command, which a person runs: sends the token with every call. */
export const ownerAccess = (options: DaemonUrlOptions): DaemonAccess => ({
  baseUrl: () => daemonUrl(options),
  fetch: fetchHere,
  token: () => daemonToken(options),
  asOwner: true,
});

/** Access for a model's tools: reads the token only once the daemon demands it for every call, and never acts as the owner. */
export function agentAccess(options: DaemonUrlOptions): DaemonAccess {
  let isDemanded = false;
  return {
    baseUrl: () => daemonUrl(options),
    fetch: fetchHere,
    token(demanded) {
      isDemanded ||= demanded;
      return isDemanded ? daemonToken(options) : null;
    },
  };
}
