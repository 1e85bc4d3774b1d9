import type { Random } from '@ocmesh/shared/ambient';
import type { CryptoEngine } from '../ports/crypto-engine.ts';

/** Almost every 32 bytes are a valid key; the engine refuses the rest. */
export function newSecretKey(engine: CryptoEngine, random: Random): Uint8Array {
  for (;;) {
    const candidate = random.bytes(32);
    try {
      engine.publicKey(candidate);
      return candidate;
    } catch {
      // Zero or beyond the curve's order: once in 2^128.
    }
  }
}
