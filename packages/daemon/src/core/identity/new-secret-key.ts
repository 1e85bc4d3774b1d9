import type { Random } from '@ocmesh/shared/ambient';
import type { CryptoEngine } from '../ports/crypto-engine.ts';

/** Returns a new random secret key. */
export function newSecretKey(engine: CryptoEngine, random: Random): Uint8Array {
  for (;;) {
    const candidate = random.bytes(32);
    try {
      engine.publicKey(candidate);
      return candidate;
    } catch {
      // Zero, or beyond the order of the curve: once in 2^128.
    }
  }
}
