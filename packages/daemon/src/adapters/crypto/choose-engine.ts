import { fromHex, type Log } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { parseEvent } from '@ocmesh/shared/wire';
import type { CryptoEngine } from '../../core/ports/crypto-engine.ts';

/** Secret keys 1 and 2, whose public keys and shared secret are public knowledge. */
const SECRET_1 = fromHex('1'.padStart(64, '0'));
const SECRET_2 = fromHex('2'.padStart(64, '0'));
const PUBLIC_1 = '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798' as Pubkey;
const PUBLIC_2 = 'c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5' as Pubkey;
/** Encrypted by nostr-tools from key 1 for key 2. */
const SEALED_04 = 'ap4SrkFsrD/FZI1lCtlrjw==?iv=q54ORMkHX9KYl3J8RyBKEA==';
const SEALED_44 =
  'Amr8S7P6tU12N1SjDQ9s2ocAXb6O8QktwkLeMdRrS3WzouD9YCxivkmpO0zqQMywz1zKcEdfoyf/4+5WlhGgZt1Rxa00cOLV4YCiUisOmp2vfRF/92/VH8nlQeIi/sZdU0wH';
const PLAINTEXT = 'ocmesh ✓';

/**
 * Returns the fast engine if it passes its self-test on this machine, otherwise the portable one. An engine that computes
 * wrong results would lose messages or accept forged ones.
 */
export async function chooseEngine(log: Log): Promise<CryptoEngine> {
  try {
    const { createWasmEngine } = await import('./wasm-engine.ts');
    const engine = createWasmEngine();
    selfTest(engine);
    return engine;
  } catch (error) {
    log.warn('the fast crypto engine does not work here; using the slow one', { reason: String(error) });
    const { createNostrToolsEngine } = await import('../../core/identity/nostr-tools-engine.ts');
    return createNostrToolsEngine();
  }
}

/** Checks an engine against known results. @throws if one is wrong */
export function selfTest(engine: CryptoEngine): void {
  const must = (isRight: boolean, what: string): void => {
    if (!isRight) throw new Error(`self-test: ${what}`);
  };
  must(engine.publicKey(SECRET_1) === PUBLIC_1, 'public key');
  const event = engine.sign({ kind: 1, created_at: 1, tags: [['t', 'x']], content: PLAINTEXT }, SECRET_1);
  must(parseEvent(event) !== null && engine.verify(event), 'own signature');
  must(engine.eventId(event) === event.id, 'event id');
  must(!engine.verify({ ...event, content: `${PLAINTEXT}!` }), 'changed content');
  must(
    !engine.verify({ ...event, sig: event.sig.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) }),
    'changed signature',
  );
  must(engine.nip04.open(SECRET_2, PUBLIC_1, SEALED_04) === PLAINTEXT, 'NIP-04');
  must(engine.nip44.open(SECRET_2, PUBLIC_1, SEALED_44) === PLAINTEXT, 'NIP-44');
  must(
    engine.nip04.open(SECRET_2, PUBLIC_1, engine.nip04.seal(SECRET_1, PUBLIC_2, PLAINTEXT)) === PLAINTEXT,
    'NIP-04 round trip',
  );
  must(
    engine.nip44.open(SECRET_2, PUBLIC_1, engine.nip44.seal(SECRET_1, PUBLIC_2, PLAINTEXT)) === PLAINTEXT,
    'NIP-44 round trip',
  );
}
