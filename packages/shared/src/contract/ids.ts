/** A public key as 64 lower-case hex digits (NIP-01). */
export type Pubkey = string & { readonly __pubkey: never };

const HEX_64 = /^[0-9a-f]{64}$/;

/** Whether a value is 32 bytes in lower-case hex: a public key or an event id. */
export const isHex64 = (text: unknown): text is string => typeof text === 'string' && HEX_64.test(text);

export const isPubkey = (text: unknown): text is Pubkey => isHex64(text);
