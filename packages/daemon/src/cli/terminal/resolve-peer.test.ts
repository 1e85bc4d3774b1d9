import type { Peer } from '@ocmesh/shared/contract';
import { aPeer, bobKey } from '@ocmesh/testkit';
import { describe, expect, it } from 'vitest';
import { openCommandLineAt } from '../../../test/support/command-line.ts';

const keyOf = (start: string): string => start.padEnd(64, '0');

/** Returns the key `send` sends to, or its error. */
async function sendTo(name: string, peers: readonly Partial<Peer>[]) {
  const { run } = await atHome(peers);
  const { out, err, code } = await run(['send', name, 'hi', '--json']);
  return code === 0 ? JSON.parse(out).to : JSON.parse(err);
}

function atHome(peers: readonly Partial<Peer>[]) {
  return openCommandLineAt({
    listPeers: async () => ({ items: peers.map(aPeer), next_cursor: null }),
    sendMessage: async ({ to }) => ({ id: 'm', to, timestamp: '2026-01-01T00:00:00.000Z', state: 'queued' }),
  });
}

const bob = { pubkey: bobKey, name: 'Bob' };
const other = { pubkey: keyOf('c0ffee'), name: 'carol' };

describe('a peer is named', () => {
  it.each([
    ['its own name, in any case', 'bob', bobKey],
    ['the owner’s name for it', 'my friend', other.pubkey],
    ['the beginning of its key', 'c0ff', other.pubkey],
    ['its full key, known or not', 'd'.repeat(64), 'd'.repeat(64)],
    [
      'its npub',
      'npub180cvv07tjdrrgpa0j7j7tmnyl2yr6yr7l8j4s3evf6u64th6gkwsyjh6w6',
      'npub180cvv07tjdrrgpa0j7j7tmnyl2yr6yr7l8j4s3evf6u64th6gkwsyjh6w6',
    ],
  ])('by %s', async (_, name, pubkey) => {
    expect(await sendTo(name, [bob, { ...other, alias: 'my friend' }])).toEqual(pubkey);
  });

  it('by the owner’s name before all others, because nobody else can give one', async () => {
    const impostor = { pubkey: keyOf('bad'), name: 'carol' };
    expect(await sendTo('carol', [impostor, { ...other, alias: 'carol', name: 'c' }])).toBe(other.pubkey);
  });

  it('not by three digits of its key or a part of its name', async () => {
    expect(await sendTo('c0f', [bob, other])).toMatchObject({ error: 'peer_not_found' });
    expect(await sendTo('car', [bob, other])).toMatchObject({ error: 'peer_not_found' });
  });

  it.each(['c0f', 'npub1qqq'])(
    'by at least 4 characters of its key, and the error says so: %s',
    async (prefix) => {
      expect((await sendTo(prefix, [bob, other])).message).toContain('at least 4 characters');
      expect((await sendTo('nobody', [bob, other])).message).not.toContain('at least');
    },
  );

  it.each(['0', 'zz', 'deadbeef'])('not by its full key with %j after it', async (rest) => {
    expect(await sendTo(bobKey + rest, [bob, other])).toMatchObject({ error: 'peer_not_found' });
  });

  it('on whichever page of the list it is', async () => {
    const { run, calls } = await openCommandLineAt({
      listPeers: async ({ cursor }) =>
        cursor
          ? { items: [aPeer(other)], next_cursor: null }
          : { items: [aPeer(bob)], next_cursor: `5-${'0'.repeat(64)}` },
      getPeer: async () => aPeer() as never,
    });
    await run(['peers', 'carol']);
    expect(calls.at(-1)).toEqual(['getPeer', { pubkey: other.pubkey }]);
  });
});

describe('a name that matches several peers', () => {
  const twins = [bob, { pubkey: keyOf('bad'), name: 'b\u200bob' }];

  it('is refused with the candidates, and nothing is sent', async () => {
    const { run, calls } = await atHome(twins);
    const { err, code } = await run(['send', 'bob', 'hi']);
    expect(err).toContain(
      '"bob" matches 2 peers:\n  Bob  b0b0b0b0b0b0  stranger, online\n  bob  bad000000000',
    );
    expect(code).toBe(78);
    expect(calls.map(([name]) => name)).toEqual(['listPeers']);
  });

  it('is refused with their keys as JSON', async () => {
    expect(await sendTo('bob', twins)).toMatchObject({
      error: 'peer_ambiguous',
      details: { candidates: [{ pubkey: bobKey }, { pubkey: keyOf('bad') }] },
    });
  });

  it('is also refused if it is the name of one and the beginning of another’s key', async () => {
    expect(
      await sendTo('beef', [{ pubkey: keyOf('beef') }, { pubkey: keyOf('bad'), name: 'beef' }]),
    ).toMatchObject({
      error: 'peer_ambiguous',
    });
  });

  it('is chosen at a terminal', async () => {
    const { start } = await atHome(twins);
    const command = start(['send', 'bob', 'hi', '--json'], { columns: 80 });
    await command.printed('Which one? 1 to 2: ');
    command.stdin.write('2\n');
    expect(JSON.parse((await command.exited).out)).toMatchObject({ to: keyOf('bad') });
    expect(command.err()).toContain('  2  bob  bad000000000');
  });

  it.each(['\n', '3\n', 'bob\n', '\u0004'])('is not guessed if the user types %j', async (answer) => {
    const { start, calls } = await atHome(twins);
    const command = start(['send', 'bob', 'hi'], { columns: 80 });
    await command.printed('Which one?');
    command.stdin.write(answer);
    expect(await command.exited).toMatchObject({
      code: 78,
      err: expect.stringContaining('No peer was chosen.'),
    });
    expect(calls.map(([name]) => name)).toEqual(['listPeers']);
  });

  it('needs no choice if the command applies to only one of them', async () => {
    const { run, calls } = await openCommandLineAt({
      listPeers: async () => ({
        items: [aPeer(bob), aPeer({ ...bob, pubkey: keyOf('bad'), trust: 'blocked' })],
        next_cursor: null,
      }),
      updatePeer: async () => aPeer() as never,
    });
    await run(['unblock', 'bob']);
    expect(calls.at(-1)).toEqual(['updatePeer', { pubkey: keyOf('bad'), trust: 'stranger' }]);
  });
});
