import { fromHex, toHex } from '@ocmesh/shared/ambient';
import { OcmeshError, type Pubkey } from '@ocmesh/shared/contract';
import { actor } from '@ocmesh/testkit';
import * as nip49 from 'nostr-tools/nip49';
import { expect, test } from 'vitest';
import { parsePubkey, toNpub } from './public-key-text.ts';
import { needsPassphrase, parseSecretKey, SecretKeyTextError, toNsec } from './secret-key-text.ts';

// The examples of NIP-19 and NIP-49.

const nip19Pubkeys: readonly (readonly [npub: string, hex: string])[] = [
  [
    'npub180cvv07tjdrrgpa0j7j7tmnyl2yr6yr7l8j4s3evf6u64th6gkwsyjh6w6',
    '3bf0c63fcb93463407af97a5e5ee64fa883d107ef9e558472c4eb9aaaefa459d',
  ],
  [
    'npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg',
    '7e7e9c42a91bfef19fa929e5fda1b72e0ebc1a4c1141673e2794234d86addf4e',
  ],
];

test.each(nip19Pubkeys)('NIP-19: %s and back', (npub, hex) => {
  expect(parsePubkey(npub)).toBe(hex);
  expect(parsePubkey(` nostr:${npub.toUpperCase()} `)).toBe(hex);
  expect(toNpub(hex as Pubkey)).toBe(npub);
});

test('NIP-19: nprofile with two relays', () => {
  const nprofile =
    'nprofile1qqsrhuxx8l9ex335q7he0f09aej04zpazpl0ne2cgukyawd24mayt8gpp4mhxue69uhhytnc9e3k7mgpz4mhxue69uhkg6nzv9ejuumpv34kytnrdaksjlyr9p';
  expect(parsePubkey(nprofile)).toBe('3bf0c63fcb93463407af97a5e5ee64fa883d107ef9e558472c4eb9aaaefa459d');
});

test('NIP-19: nsec and back', () => {
  const nsec = 'nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5';
  const hex = '67dea2ed018072d675f5415ecfaed7d2597555e202d85b3d65ea4e58d2d92ffa';
  expect(toHex(parseSecretKey(nsec, ''))).toBe(hex);
  expect(toNsec(fromHex(hex))).toBe(nsec);
});

test.each([
  ['a changed letter', 'npub180cvv07tjdrrgpa0j7j7tmnyl2yr6yr7l8j4s3evf6u64th6gkwsyjh6w7'],
  ['a secret key', 'nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5'],
  ['63 digits', '3bf0c63fcb93463407af97a5e5ee64fa883d107ef9e558472c4eb9aaaefa459'],
  ['nothing', ''],
])('takes %s for no public key', (_, text) => {
  expect(() => parsePubkey(text)).toThrow(OcmeshError);
});

const ENCRYPTED =
  'ncryptsec1qgg9947rlpvqu76pj5ecreduf9jxhselq2nae2kghhvd5g7dgjtcxfqtd67p9m0w57lspw8gsq6yphnm8623nsl8xn9j4jdzz84zm3frztj3z7s35vpzmqf6ksu8r89qk5z2zxfmu5gv8th8wclt0h4p';

test('NIP-49: decrypts the key with its password, and with no other', () => {
  expect(needsPassphrase(ENCRYPTED)).toBe(true);
  expect(toHex(parseSecretKey(ENCRYPTED, 'nostr'))).toBe(
    '3501454135014541350145413501453fefb02227e449e57cf4d3a3ce05378683',
  );
  expect(() => parseSecretKey(ENCRYPTED, 'nostr ')).toThrow(SecretKeyTextError);
});

test('NIP-49: a password is the same in every Unicode normalization', () => {
  const { secretKey } = actor('alice');
  const [asTyped, composed] = ['\u212b\u2126\u1e9b\u0323', '\u00c5\u03a9\u1e69'];
  expect(parseSecretKey(nip49.encrypt(secretKey, asTyped, 1), composed)).toEqual(secretKey);
  expect(parseSecretKey(nip49.encrypt(secretKey, composed, 1), asTyped)).toEqual(secretKey);
});
