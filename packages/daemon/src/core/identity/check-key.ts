import { OcmeshError, type Pubkey } from '@ocmesh/shared/contract';
import type { Identity } from './identity.ts';

/**
 * Checks a key that a person typed: half of all hex texts of its length are no key.
 * @throws OcmeshError `invalid_pubkey`
 */
export function checkKey(identity: Pick<Identity, 'isKey'>, pubkey: Pubkey): void {
  if (identity.isKey(pubkey)) return;
  throw new OcmeshError('invalid_pubkey', {
    message: 'This is not a valid public key. Check it for typing errors.',
  });
}
