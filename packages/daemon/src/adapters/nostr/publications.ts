import type { Clock } from '@ocmesh/shared/ambient';
import { authFrame, type NostrEvent, reasonPrefix } from '@ocmesh/shared/wire';
import type { PublishOutcome } from '../../core/ports/relay-network.ts';
import { nostrLimits } from './limits.ts';

/** Outcome of a write that was not sent, or whose connection closed before the OK. */
export const notConnected: PublishOutcome = { outcome: 'not_connected', reason: null, prefix: null };

/** Events sent on one connection that wait for their OK. Nothing here rejects. */
export function createPublications(deps: {
  readonly clock: Clock;
  readonly send: (frame: string) => boolean;
}) {
  const { clock, send } = deps;
  const waiting = new Map<string, (outcome: PublishOutcome) => void>();

  function sendAndWait(eventId: string, frame: string): Promise<PublishOutcome> {
    return new Promise((resolve) => {
      // An event that is sent twice gets one OK, which goes to the later caller.
      waiting.get(eventId)?.(notConnected);
      const cancel = clock.after(nostrLimits.reply.okMs, () =>
        settle({ outcome: 'timeout', reason: 'no response', prefix: null }),
      );
      const settle = (outcome: PublishOutcome): void => {
        cancel();
        if (waiting.get(eventId) === settle) waiting.delete(eventId);
        resolve(outcome);
      };
      waiting.set(eventId, settle);
      if (!send(frame)) settle(notConnected);
    });
  }

  return {
    publish: sendAndWait,
    authenticate: (event: NostrEvent) => sendAndWait(event.id, authFrame(event)),
    onOk(eventId: string, accepted: boolean, reason: string): void {
      const prefix = reason === '' ? null : reasonPrefix(reason);
      // The relay has the event or a newer version: for us that is success.
      const hasIt = accepted || prefix === 'duplicate' || prefix === 'replaced';
      waiting.get(eventId)?.({ outcome: hasIt ? 'accepted' : 'rejected', reason: reason || null, prefix });
    },
    /** The connection is closed: pending writes end as not connected. */
    close(): void {
      for (const settle of [...waiting.values()]) settle(notConnected);
    },
  };
}
