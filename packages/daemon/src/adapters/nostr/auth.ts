import { type Clock, toUnixSec } from '@ocmesh/shared/ambient';
import { type EventDraft, kinds, type NostrEvent } from '@ocmesh/shared/wire';
import type { PublishOutcome } from '../../core/ports/relay-network.ts';
import type { AuthRateLimit } from './auth-rate-limit.ts';
import type { AuthResult } from './refused-state.ts';

/** Whose key signs a response: ours, or one made for it, which does not tell the relay who we are. */
export type Signer = 'us' | 'nobody';

/** Signs responses to NIP-42 challenges. */
export type SignResponse = (draft: EventDraft, signer: Signer) => NostrEvent;

export interface Authentication {
  onChallenge(challenge: string): void;
  /** Signs the challenge, once for all callers with the same signer. Resolves to whether the relay may know it now. */
  authenticate(signer?: Signer): Promise<boolean>;
  /** Returns whether only single-use keys were used for it so far. */
  isAnonymous(): boolean;
  /** Authenticates before anything was refused, if the relay may withhold something without a word; once per connection. */
  authenticateIfWanted(): void;
  /** Returns whether the relay has our response and has not accepted or refused it yet. */
  isPending(): boolean;
  result(): AuthResult;
  /** Makes the next `authenticate` sign again after a refusal, which may be out of date. */
  renew(): void;
  /** The connection is closed: ends waiting, signs and reports nothing more. */
  close(): void;
}

export interface AuthenticationDeps {
  readonly url: string;
  readonly clock: Clock;
  readonly rateLimit: AuthRateLimit;
  readonly sign: SignResponse;
  /** Sends the signed challenge and resolves with the relay's OK. */
  readonly send: (event: NostrEvent) => Promise<PublishOutcome>;
  /** Returns whether to authenticate before anything was refused. */
  readonly isWanted: () => boolean;
  /** The relay accepted our response, or did not refuse it in time. */
  readonly onAccepted: () => void;
  readonly onRefused: (reason: string) => void;
}

/** NIP-42 on one connection. A refusal is a state, not an exception. */
export function createAuthentication(deps: AuthenticationDeps): Authentication {
  const { url, clock, rateLimit, sign, send, isWanted, onAccepted, onRefused } = deps;
  let challenge: string | null = null;
  const pending = new Map<Signer, Promise<boolean>>();
  /** Responses are made one after the other. */
  let last: Promise<unknown> = Promise.resolve();
  let result: AuthResult = { outcome: 'none', reason: '' };
  let triedUnasked = false;
  let isClosed = false;
  let isWaiting = false;
  let isResponding = false;
  let endWait = (): void => {};

  async function respond(signer: Signer): Promise<boolean> {
    await waitUntilAllowed();
    if (isClosed || challenge === null) return false;
    rateLimit.spend();
    const tags = [
      ['relay', url],
      ['challenge', challenge],
    ];
    const draft = { kind: kinds.clientAuth, created_at: toUnixSec(clock.now()), tags, content: '' };
    const event = sign(draft, signer);
    isResponding = true;
    const ok = await send(event);
    isResponding = false;
    // The OK and the close may have come in the same turn.
    if (isClosed || ok.outcome === 'not_connected') return false;
    const isRefused = ok.outcome === 'rejected';
    const reason = isRefused ? (ok.reason ?? '') : '';
    // Some relays send no OK: whether they know us shows with what they send next.
    if (ok.outcome !== 'timeout') result = { outcome: isRefused ? 'refused' : 'accepted', reason };
    if (isRefused) onRefused(reason);
    else onAccepted();
    return !isRefused;
  }

  /** Waits until a signature is allowed. Challenges that come meanwhile replace the one to sign. */
  async function waitUntilAllowed(): Promise<void> {
    const waitMs = rateLimit.waitMs();
    if (waitMs === 0) return;
    isWaiting = true;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(waitMs, resolve);
      endWait = () => {
        cancel();
        resolve();
      };
    });
    isWaiting = false;
  }

  function authenticate(signer: Signer = 'us'): Promise<boolean> {
    if (isClosed || challenge === null) return Promise.resolve(false);
    const known = pending.get(signer);
    if (known) return known;
    const response = last.then(() => respond(signer));
    last = response;
    pending.set(signer, response);
    return response;
  }

  return {
    onChallenge(text) {
      challenge = text;
      if (!isWaiting) pending.clear();
    },
    authenticate,
    isAnonymous: () => pending.has('nobody') && !pending.has('us'),
    authenticateIfWanted() {
      if (triedUnasked || challenge === null || !isWanted()) return;
      triedUnasked = true;
      void authenticate();
    },
    isPending: () => isResponding,
    result: () => result,
    renew() {
      if (result.outcome === 'refused') pending.clear();
    },
    close() {
      isClosed = true;
      endWait();
    },
  };
}
