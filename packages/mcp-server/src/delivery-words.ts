import { limits, type Message } from '@ocmesh/shared/contract';
import { counted, minuteOf } from './facts.ts';

/**
 * How far a message of ours got, in one sentence that promises no more than is known.
 * @param isConnected whether a relay is connected, if that is known
 */
export function deliverySentence({ delivery }: Pick<Message, 'delivery'>, isConnected?: boolean): string {
  const { state, kept_by: kept, delivered_at, read_at, next_attempt_at } = delivery;
  const accepted = delivery.relays.filter(({ outcome }) => outcome === 'accepted').length;
  const at = (time: string | null): string => (time === null ? '' : ` at ${minuteOf(time)}`);
  switch (state) {
    case 'queued': {
      const dropped = delivery.relays.filter(({ outcome }) => outcome === 'dropped').length;
      const why =
        isConnected === false
          ? 'no relay is connected'
          : dropped > 0
            ? `${counted(dropped, 'relay')} answered OK, but ${dropped === 1 ? 'drops what it accepts' : 'drop what they accept'}`
            : `no relay has accepted it yet${next_attempt_at === null ? '' : `, next attempt${at(next_attempt_at)}`}`;
      return `QUEUED here: ${why}. It goes out by itself; do not send it again.`;
    }
    case 'published': {
      const where =
        kept > 0
          ? `${counted(kept, 'relay')} known to keep messages`
          : `${counted(accepted, 'relay')}, none known to keep messages`;
      return `PUBLISHED on ${where}; not confirmed by the peer: do not say it was delivered.`;
    }
    case 'delivered':
      return `DELIVERED to the peer's daemon${at(delivered_at)}; its agent may not have read it.`;
    case 'read':
      return `READ by the peer's agent${at(read_at)}.`;
    case 'failed':
      return 'FAILED: every relay refused it for good; get_message shows why. It was not delivered.';
    case 'expired':
      return `EXPIRED: no relay took it in time (${limits.message.days} days unless you set it). It was not delivered.`;
    case 'received':
      return 'RECEIVED.';
  }
}
