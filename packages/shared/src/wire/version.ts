/** Version of ocmesh, as sent in presence, hello and `GET /status`. A test compares it with package.json. */
export const ocmeshVersion = '0.3.0';

/** Features of our daemon, as announced in presence and hello. */
export const ourFeatures = ['messaging', 'query', 'receipts', 'envelope', 'nip17', 'ephemeral-ping'] as const;

/** Features of a peer that announces none: it accepts messages. */
export const defaultFeatures: readonly string[] = ['messaging'];

/** What a peer understands, derived from its features and version. */
export interface Dialect {
  /** Reads envelopes: `mid`, `seq`, `reply_to`, …; others get plain text. */
  readonly envelope: boolean;
  /** Understands receipts: announced as a feature, or version 0.2 of the deployed mesh. */
  readonly receipts: boolean;
  /** Accepts several ids in one receipt. */
  readonly receiptBatches: boolean;
  /** Form of the hello it understands. */
  readonly hello: 'intro' | 'ocmesh-hello';
  /** Encryption of messages to it: gift wraps if it reads them, otherwise NIP-04, which everyone reads. */
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

/** Whether the peer's daemon replies to a `ping` in an ephemeral gift wrap. */
export const takesPings = ({ features }: { features: readonly string[] }): boolean =>
  features.includes('ephemeral-ping');
