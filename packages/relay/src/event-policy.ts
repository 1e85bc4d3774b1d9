import type { Pubkey } from '@ocmesh/shared/contract';
import { isEphemeral, isExpired, kinds, type NostrEvent, parseEvent } from '@ocmesh/shared/wire';
import type { RelayLimits } from './limits.ts';
import type { Members } from './members.ts';
import * as signatures from './verify.ts';

type EventCheck =
  | { readonly ok: true; readonly event: NostrEvent; readonly bytes: number }
  /** `message` is for the OK; a duplicate counts as accepted (NIP-01). */
  | { readonly ok: false; readonly accepted: boolean; readonly message: string };

export interface EventPolicy {
  /** Checks a client's event; `keys` are those that the client proved with AUTH. */
  check(value: unknown, keys: ReadonlySet<Pubkey>, nowSec: number): EventCheck;
}

export interface EventPolicyDeps {
  readonly limits: RelayLimits;
  readonly members: Members;
  isKnown(id: string): boolean;
  /** Checks id and signature; the real check unless given. */
  readonly isAuthentic?: ((event: NostrEvent) => boolean) | undefined;
}

export function createEventPolicy(deps: EventPolicyDeps): EventPolicy {
  const { limits, members, isKnown, isAuthentic = signatures.isAuthentic } = deps;

  function refuseSize(event: NostrEvent, bytes: number): string | null {
    if (bytes > limits.eventBytes) return `invalid: event is larger than ${limits.eventBytes} bytes`;
    if (event.tags.length > limits.eventTags) return `invalid: more than ${limits.eventTags} tags`;
    const long = event.tags.some(
      ([name, value]) => name?.length === 1 && (value?.length ?? 0) > limits.tagValueChars,
    );
    return long ? `invalid: tag value is longer than ${limits.tagValueChars} characters` : null;
  }

  function refuseTime(event: NostrEvent, nowSec: number): string | null {
    const oldestSec = nowSec - (isEphemeral(event.kind) ? limits.ephemeralPastSec : limits.pastSec);
    if (event.created_at > nowSec + limits.futureSec) return 'invalid: created_at is too far in the future';
    if (event.created_at < oldestSec) return 'invalid: created_at is too old';
    return isExpired(event, nowSec) ? 'invalid: event is expired' : null;
  }

  function refuseSender(event: NostrEvent, keys: ReadonlySet<Pubkey>): string | null {
    if (event.kind === kinds.clientAuth) return 'invalid: auth events are not published';
    const isProtected = event.tags.some((tag) => tag.length === 1 && tag[0] === '-');
    if (isProtected && !keys.has(event.pubkey)) {
      // NIP-70. A client that is authenticated with another key need not try again.
      return `${keys.size === 0 ? 'auth-required' : 'restricted'}: only its author may publish a protected event`;
    }
    return members.refuseWrite(event, keys);
  }

  return {
    check(value, keys, nowSec) {
      const event = parseEvent(value);
      if (!event) return refuse('invalid: malformed event');
      // Before the signature: a forged copy of a known event changes nothing.
      if (isKnown(event.id))
        return { ok: false, accepted: true, message: 'duplicate: already have this event' };
      const bytes = Buffer.byteLength(JSON.stringify(event));
      const reason = refuseSize(event, bytes) ?? refuseTime(event, nowSec) ?? refuseSender(event, keys);
      if (reason !== null) return refuse(reason);
      if (!isAuthentic(event)) return refuse('invalid: bad id or signature');
      return { ok: true, event, bytes };
    },
  };
}

const refuse = (message: string): EventCheck => ({ ok: false, accepted: false, message });
