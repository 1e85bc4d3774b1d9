import type { Clock } from '@ocmesh/shared/ambient';
import { eventFrame, type NostrEvent } from '@ocmesh/shared/wire';
import type { PublishOutcome, RelayInfo } from '../../core/ports/relay-network.ts';
import type { Authentication, Signer } from './auth.ts';
import { preflight } from './preflight.ts';
import type { createPublications } from './publications.ts';

/** @param mayIdentify whether a peer's relay may learn our key; one of our own may anyway */
export type PublishEvent = (event: NostrEvent, mayIdentify?: boolean) => Promise<PublishOutcome>;

/**
 * Publishes one event on one connection, and authenticates if the relay requires that for it: on a peer's relay with a
 * single-use key first, as AUTH tells it who writes.
 */
export function createPublishEvent(deps: {
  readonly clock: Clock;
  readonly isOwn: boolean;
  readonly info: () => RelayInfo | null;
  readonly publications: Pick<ReturnType<typeof createPublications>, 'publish'>;
  readonly auth: Pick<Authentication, 'authenticate' | 'isAnonymous'>;
  /** A write got its OK after this time. */
  readonly onRoundTrip: (ms: number) => void;
}): PublishEvent {
  const { clock, isOwn, publications, auth } = deps;

  /** A relay that does not know the single-use key may call that restricted. */
  const needsAuth = ({ outcome, prefix }: PublishOutcome): boolean =>
    outcome === 'rejected' && (prefix === 'auth-required' || (prefix === 'restricted' && auth.isAnonymous()));

  return async (event, mayIdentify = false) => {
    const frame = eventFrame(event);
    const refusal = preflight(frame, deps.info());
    if (refusal) return refusal;
    const sentAt = clock.monotonic();
    let outcome = await publications.publish(event.id, frame);
    const hasOk = outcome.outcome === 'accepted' || outcome.outcome === 'rejected';
    if (hasOk) deps.onRoundTrip(Math.round((clock.monotonic() - sentAt) * 10) / 10);
    const signers: Signer[] = isOwn ? ['us'] : mayIdentify ? ['nobody', 'us'] : ['nobody'];
    for (const signer of signers) {
      if (!needsAuth(outcome)) return outcome;
      if (await auth.authenticate(signer)) outcome = await publications.publish(event.id, frame);
    }
    // Not a refusal of ours, which would last for a day: it does not know that it is we who write.
    const isUnknown = auth.isAnonymous() && needsAuth(outcome);
    return isUnknown ? { ...outcome, prefix: 'auth-required' } : outcome;
  };
}
