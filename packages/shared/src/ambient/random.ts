/** The only source of randomness. Seeded in tests. */
export interface Random {
  /** `count` random bytes, good enough for keys. */
  bytes(count: number): Uint8Array;
  /** A number in [0, 1), for jitter. */
  unit(): number;
}

/** Lower-case hex of the bytes. */
export function toHex(bytes: Uint8Array): string {
  let out = '';
  for (const byte of bytes) out += byte.toString(16).padStart(2, '0');
  return out;
}

/** Bytes of a well-formed hex string. */
export function fromHex(hex: string): Uint8Array {
  const out = new Uint8Array(hex.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16);
  return out;
}
