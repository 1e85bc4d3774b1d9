/** The version of this ocmesh, as presence, hello and `GET /status` name it. A test compares it with package.json. */
export const ocmeshVersion = '0.3.0';

/** What our daemon can do, as presence and hello advertise it. */
export const ourFeatures = ['messaging', 'query', 'receipts', 'envelope', 'nip17'] as const;

/** Features of a peer that names none: it takes messages. */
export const defaultFeatures: readonly string[] = ['messaging'];

/** What we may expect of a peer, from the features and the version it names. */
export interface Dialect {
  /** Reads `mid`, `seq`, `reply_to` and the like; others get plain text. */
  readonly envelope: boolean;
  /** Understands delivery receipts: ours by feature, the deployed v0.2.0 by version. */
  readonly receipts: boolean;
  /** Takes several ids in one receipt. */
  readonly receiptBatches: boolean;
  /** Form of the hello it understands. */
  readonly hello: 'intro' | 'ocmesh-hello';
  /** How messages to it are sealed: in gift wraps where it reads them, else by NIP-04, which everyone reads. */
  readonly codec: 'nip04' | 'nip17';
}

export function dialectOf(peer: { features: readonly string[]; version: string | null }): Dialect {
  const named = peer.features.includes('receipts');
  const version = peer.version ?? '';
  return {
    envelope: peer.features.includes('envelope'),
    receipts: named || /^0\.2\./.test(version),
    receiptBatches: named,
    hello: /^0\.1\./.test(version) ? 'ocmesh-hello' : 'intro',
    codec: peer.features.includes('nip17') ? 'nip17' : 'nip04',
  };
}
