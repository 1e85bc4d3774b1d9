import { utf8Bytes } from '@ocmesh/shared/contract';
import type { PublishOutcome, RelayInfo } from '../../core/ports/relay-network.ts';
import { nostrLimits } from './limits.ts';

/** What a relay says that it would refuse is not sent to it: our own refusal, in words that say so. */
export function preflight(eventFrame: string, info: RelayInfo | null): PublishOutcome | null {
  const mostBytes = statedLimit(info, 'max_message_length');
  const bits = statedLimit(info, 'min_pow_difficulty');
  if (mostBytes !== null && mostBytes >= nostrLimits.info.messageFloorBytes) {
    const bytes = utf8Bytes(eventFrame);
    if (bytes > mostBytes) {
      return refusal('invalid', `the event takes ${bytes} bytes and the relay names a limit of ${mostBytes}`);
    }
  }
  return bits === null ? null : refusal('pow', `the relay asks for ${bits} bits of proof of work`);
}

const refusal = (prefix: 'invalid' | 'pow', why: string): PublishOutcome => ({
  outcome: 'rejected',
  reason: `${prefix}: not sent: ${why}`,
  prefix,
});

/** A positive number of the relay's NIP-11 `limitation`; null where it states none. */
export function statedLimit(info: RelayInfo | null, name: string): number | null {
  const value = info?.limitation[name];
  return typeof value === 'number' && value > 0 ? value : null;
}
