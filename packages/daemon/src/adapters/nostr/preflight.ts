import { utf8Bytes } from '@ocmesh/shared/contract';
import type { PublishOutcome, RelayInfo } from '../../core/ports/relay-network.ts';
import { nostrLimits } from './limits.ts';

/** Refuses an event that the relay would refuse by its NIP-11 document, so that it is not sent. Null: send it. */
export function preflight(eventFrame: string, info: RelayInfo | null): PublishOutcome | null {
  const maxBytes = statedLimit(info, 'max_message_length');
  const bits = statedLimit(info, 'min_pow_difficulty');
  if (maxBytes !== null && maxBytes >= nostrLimits.info.messageFloorBytes) {
    const bytes = utf8Bytes(eventFrame);
    if (bytes > maxBytes) {
      return refusal('invalid', `the event takes ${bytes} bytes and the relay names a limit of ${maxBytes}`);
    }
  }
  return bits === null ? null : refusal('pow', `the relay asks for ${bits} bits of proof of work`);
}

const refusal = (prefix: 'invalid' | 'pow', why: string): PublishOutcome => ({
  outcome: 'rejected',
  reason: `${prefix}: not sent: ${why}`,
  prefix,
});

/** Returns a number of the relay's NIP-11 `limitation`; null unless it states a positive one. */
export function statedLimit(info: RelayInfo | null, name: string): number | null {
  const value = info?.limitation[name];
  return typeof value === 'number' && value > 0 ? value : null;
}
