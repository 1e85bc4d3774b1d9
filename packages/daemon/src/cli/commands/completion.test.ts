import type { Peer } from '@ocmesh/shared/contract';
import { aPeer } from '@ocmesh/testkit';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openCommandLineAt } from '../../../test/support/command-line.ts';
import { createSignal } from '../../../test/support/signal.ts';
import { peerWords } from './completion.ts';

const words = (...peers: Partial<Peer>[]): string[] =>
  peerWords(peers.map((peer) => aPeer(peer))).map(([word]) => word);

describe('completion offers', () => {
  it('nothing if the daemon does not respond in time', async () => {
    const asked = createSignal();
    const { start, clock } = await openCommandLineAt({
      listPeers: () => {
        asked.fire();
        return new Promise(() => {});
      },
    });
    const print = vi.spyOn(console, 'log').mockReturnValue();
    onTestFinished(() => print.mockRestore());
    const command = start(['complete', '--', 'send', '']);
    await asked.fired;
    await clock.advance(700);
    expect((await command.exited).code).toBe(0);
    expect(print.mock.calls).toEqual([[':4']]);
  });

  it.each([
    ['strangers', ['open', 'ask', 'closed']],
    ['mcp_may_trust', ['true', 'false']],
    ['nothing-like-it', []],
  ])('the allowed values of the policy rule %s', async (rule, values) => {
    const { run } = await openCommandLineAt({ listPeers: async () => ({ items: [], next_cursor: null }) });
    const print = vi.spyOn(console, 'log').mockReturnValue();
    onTestFinished(() => print.mockRestore());
    await run(['complete', '--', 'policy', rule, '']);
    expect(print.mock.calls.flat().map((line) => String(line).trim())).toEqual([...values, ':4']);
  });

  it('the owner’s name for a peer, and its own', () => {
    expect(words({ name: 'bob', alias: 'friend' })).toEqual(['friend', 'bob']);
    expect(words({ name: 'bob', alias: 'bob' })).toEqual(['bob']);
    expect(words({ name: 'bob' })).toEqual(['bob']);
  });

  it('the beginning of the key if the name matches several peers or is not one word', () => {
    const twin = { pubkey: 'c'.repeat(64), name: 'bob' };
    expect(peerWords([aPeer(), aPeer(twin)]).map(([word]) => word)).toEqual(['b0b0b0b0b0b0', 'cccccccccccc']);
    expect(words({ name: 'bob' }, { ...twin, name: 'x', alias: 'bob' })).toEqual([
      'b0b0b0b0b0b0',
      'bob',
      'x',
    ]);
    expect(words({ name: 'my friend' })).toEqual(['b0b0b0b0b0b0']);
    expect(words({ name: null })).toEqual(['b0b0b0b0b0b0']);
  });

  it.each([
    '$(reboot)',
    '`reboot`',
    'a;b',
    'a|b',
    'a&b',
    '-rf',
    '~',
    '*',
    "a'b",
    'a"b',
    'a\\b',
    'a>b',
    'a=b',
    'a:b',
  ])('no name with a meaning to the shell: %s', (name) => {
    expect(words({ name })).toEqual(['b0b0b0b0b0b0']);
  });

  it('only letters, digits and a few safe characters of a name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const text = peerWords([aPeer({ name })])
          .flat()
          .join(' ');
        expect(text).toMatch(/^[\p{L}\p{N}][\p{L}\p{N}._-]* (b0b0b0b0b0b0, )?stranger, online$/u);
      }),
    );
  });
});
