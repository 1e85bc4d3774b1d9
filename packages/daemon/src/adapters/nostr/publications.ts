import type { Clock } from '@ocmesh/shared/ambient';
import { authFrame, type NostrEvent, reasonPrefix } from '@ocmesh/shared/wire';
import type { PublishOutcome } from '../../core/ports/relay-network.ts';
import { nostrLimits } from './limits.ts';

const offline: PublishOutcome = { outcome: 'offline', reason: null, prefix: null };

/** Events sent to one relay that wait for their OK. Nothing here rejects. */
export function createPublications(deps: {
  readonly clock: Clock;
  readonly send: (frame: string) => boolean;
}) {
  const { clock, send } = deps;
  const waiting = new Map<string, (outcome: PublishOutcome) => void>();

  function ask(eventId: string, frame: string): Promise<PublishOutcome> {
    return new Promise((resolve) => {
      // The same event sent twice gets one OK: the older question is void.
      waiting.get(eventId)?.(offline);
      const cancel = clock.after(nostrLimits.reply.okMs, () =>
        settle({ outcome: 'timeout', reason: 'no answer', prefix: null }),
      );
      const settle = (outcome: PublishOutcome): void => {
        cancel();
        if (waiting.get(eventId) === settle) waiting.delete(eventId);
        resolve(outcome);
      };
      waiting.set(eventId, settle);
      if (!send(frame)) settle(offline);
    });
  }

  return {
    publish: ask,
    authenticate: (event: NostrEvent) => ask(event.id, authFrame(event)),
    onOk(eventId: string, accepted: boolean, reason: string): void {
      const prefix = reason === '' ? null : reasonPrefix(reason);
      // The relay has it, or something newer: for us that is success.
      const taken = accepted || prefix === 'duplicate' || prefix === 'replaced';
      waiting.get(eventId)?.({ outcome: taken ? 'accepted' : 'rejected', reason: reason || null, prefix });
    },
    reset(): void {
      for (const settle of [...waiting.values()]) settle(offline);
    },
  };
}
