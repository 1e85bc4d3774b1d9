import { kinds, wireLimits } from '@ocmesh/shared/wire';
import { actor, createFakeClock } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createFakePeer } from '../../../test/support/fake-peer.ts';
import { refuse } from '../model/verdict.ts';
import { passGate } from './gate.ts';
import { ingestLimits } from './limits.ts';

const self = actor('alice').pubkey;
const bob = createFakePeer('bob', createFakeClock());
const nowSec = 1_800_000_000;

const pass = (kind: number, content: string, isBlocked: (pubkey: string) => boolean = () => false) =>
  passGate(bob.sign({ kind, created_at: nowSec, tags: [['p', self]], content }), self, nowSec, isBlocked);

test.each([
  ['a message', kinds.encryptedDm, wireLimits.event.contentBytes],
  ['a presence', kinds.presence, ingestLimits.publicContentBytes],
])('limits the content of %s in bytes, not characters', (_, kind, mostBytes) => {
  for (const char of ['x', 'é', '漢', '😀']) {
    const fitting = char.repeat(mostBytes / Buffer.byteLength(char));
    expect(pass(kind, fitting)).toHaveProperty('ok');
    expect(pass(kind, `${fitting}${char}`)).toEqual(refuse('too_large'));
  }
});

test('refuses what a blocked peer signed, after all other checks', () => {
  const isBlocked = (pubkey: string) => pubkey === bob.pubkey;
  expect(pass(kinds.encryptedDm, 'x', isBlocked)).toEqual(refuse('blocked'));
  expect(pass(kinds.presence, 'x', isBlocked)).toEqual(refuse('blocked'));
  expect(pass(30_023, 'x', isBlocked)).toEqual(refuse('unwanted_kind'));
  expect(pass(kinds.encryptedDm, 'x', (pubkey) => pubkey !== bob.pubkey)).toHaveProperty('ok');
});
