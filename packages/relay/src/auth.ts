import type { Pubkey } from '@ocmesh/shared/contract';
import { kinds, type NostrEvent, parseEvent, tagValue } from '@ocmesh/shared/wire';
import { hostOf, inUrl, isLoopback } from './network-address.ts';
import * as signatures from './verify.ts';

export interface AuthExpectation {
  readonly challenge: string;
  /** Hosts (with port) that the `relay` tag may name. */
  readonly hosts: readonly string[];
  readonly nowSec: number;
  readonly toleranceSec: number;
  /** Checks id and signature; the real check unless given. */
  readonly isAuthentic?: ((event: NostrEvent) => boolean) | undefined;
}

export type AuthResult =
  | { readonly ok: true; readonly pubkey: Pubkey }
  | { readonly ok: false; readonly reason: string };

/** Checks a client's AUTH event (NIP-42). The signature is checked last, because it costs the most. */
export function checkAuth(value: unknown, expected: AuthExpectation): AuthResult {
  const event = parseEvent(value);
  if (!event || event.kind !== kinds.clientAuth) return refuse('not an auth event');
  if (Math.abs(event.created_at - expected.nowSec) > expected.toleranceSec)
    return refuse('created_at is too far off');
  if (tagValue(event, 'challenge') !== expected.challenge) return refuse('wrong challenge');
  const host = hostOf(tagValue(event, 'relay') ?? '');
  if (host === null || !expected.hosts.includes(host)) return refuse('signed for another relay');
  const { isAuthentic = signatures.isAuthentic } = expected;
  if (!isAuthentic(event)) return refuse('bad id or signature');
  return { ok: true, pubkey: event.pubkey };
}

const refuse = (reason: string): AuthResult => ({ ok: false, reason: `invalid: ${reason}` });

/**
 * Returns the hosts by which a client may know this relay. A `relay` tag with another one means that our
 * challenge is being relayed.
 */
export function relayHosts(where: {
  readonly serviceUrl: string | undefined;
  readonly boundTo: string;
  readonly port: number;
  /** `Host` header of the upgrade. */
  readonly hostHeader: string | undefined;
}): readonly string[] {
  const { serviceUrl, boundTo, port, hostHeader } = where;
  const urls =
    serviceUrl !== undefined
      ? [serviceUrl]
      : isLoopback(boundTo)
        ? ['localhost', '127.0.0.1', '[::1]', inUrl(boundTo)].map((host) => `ws://${host}:${port}`)
        : // The client chooses this header, so it catches mistakes; only `serviceUrl` stops a relay in the middle.
          [`ws://${hostHeader ?? ''}`];
  return urls.flatMap((url) => hostOf(url) ?? []);
}
