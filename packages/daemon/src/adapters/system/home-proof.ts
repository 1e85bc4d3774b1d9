import { createHmac } from 'node:crypto';
import { type Random, toHex } from '@ocmesh/shared/ambient';
import { type Output, proofText } from '@ocmesh/shared/contract';

const KEY_BYTES = 32;

/** Shows to clients that this process owns the home: only its owner can read the keys, and they never leave the machine's disk. */
export interface HomeProof {
  /** New at each start, for `daemon.json`: works while the token cannot be read, and outlives no daemon. */
  readonly key: string;
  /** @param port the one we listen on */
  prove(nonce: string, port: number): Output<'prove'>;
}

export function createHomeProof(deps: {
  readonly random: Random;
  /** As `openTokenFile` returns it. */
  readonly token: () => string | null;
}): HomeProof {
  const key = toHex(deps.random.bytes(KEY_BYTES));
  return {
    key,
    prove(nonce, port) {
      const hmac = (secret: string) =>
        createHmac('sha256', secret).update(proofText(nonce, port)).digest('hex');
      const token = readable(deps.token);
      return { proof: hmac(key), token_proof: token === null ? null : hmac(token) };
    },
  };
}

function readable(token: () => string | null): string | null {
  try {
    return token();
  } catch {
    return null;
  }
}
