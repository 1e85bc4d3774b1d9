import { OcmeshError, type Request } from '@ocmesh/shared/contract';
import { aPeer, aPeerAlone, bobKey } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { openCommandLineAt } from '../../../test/support/command-line.ts';

const carol = aPeer({ pubkey: 'ca'.repeat(32), name: 'carol' });
const request = (overrides: Partial<Request> = {}): Request => ({
  direction: 'in',
  since: '2026-01-01T12:00:00.000Z',
  peer: carol,
  message_count: 3,
  messages: [{ id: 'm', type: 'text', content: 'let me in\u202e', timestamp: '2026-01-01T12:00:00.000Z' }],
  ...overrides,
});

const atDaemon = () =>
  openCommandLineAt({
    listPeers: async () => ({ items: [aPeer(), carol], next_cursor: null }),
    addPeer: async ({ pubkey }) => aPeerAlone({ pubkey }),
    updatePeer: async ({ pubkey, ...fields }) => aPeerAlone({ pubkey, ...(fields as object) }),
    resumePeer: async ({ pubkey }) => aPeerAlone({ pubkey }),
    listRequests: async () => [request(), request({ direction: 'out', message_count: 1 })],
    answerRequest: async () => aPeerAlone(carol),
  });

test.each([
  ['trust bob', 'updatePeer', { pubkey: bobKey, trust: 'contact' }, 'bob (b0b0b0b0b0b0) is now a contact.'],
  [
    'untrust bob',
    'updatePeer',
    { pubkey: bobKey, trust: 'stranger' },
    'bob (b0b0b0b0b0b0) is now a stranger.',
  ],
  ['block bob', 'updatePeer', { pubkey: bobKey, trust: 'blocked' }, 'bob (b0b0b0b0b0b0) is now blocked.'],
  [
    'unblock bob',
    'updatePeer',
    { pubkey: bobKey, trust: 'stranger' },
    'bob (b0b0b0b0b0b0) is now a stranger.',
  ],
  [
    'alias bob my friend',
    'updatePeer',
    { pubkey: bobKey, alias: 'my friend' },
    'b0b0b0b0b0b0 is now my friend.',
  ],
  ['alias bob', 'updatePeer', { pubkey: bobKey, alias: null }, 'b0b0b0b0b0b0 no longer has a name of yours.'],
  ['resume bob', 'resumePeer', { pubkey: bobKey }, 'Messages to bob (b0b0b0b0b0b0) are sent again.'],
  [
    'requests accept carol',
    'answerRequest',
    { pubkey: carol.pubkey, accept: true },
    'carol (cacacacacaca) is now a contact.',
  ],
  [
    'requests refuse carol',
    'answerRequest',
    { pubkey: carol.pubkey, accept: false },
    'carol (cacacacacaca) is now blocked.',
  ],
] as const)('`%s`', async (line, operation, input, expected) => {
  const { run, calls } = await atDaemon();
  expect(await run(line.split(' '))).toEqual({ out: `${expected}\n`, err: '', code: 0 });
  expect(calls.at(-1)).toEqual([operation, input]);
});

test('a full key that is not discovered yet is added and trusted', async () => {
  const { run, calls } = await atDaemon();
  const pubkey = 'd'.repeat(64);
  await run(['trust', pubkey]);
  expect(calls).toEqual([
    ['addPeer', { pubkey }],
    ['updatePeer', { pubkey, trust: 'contact' }],
  ]);
});

test('a key cannot be the name of a peer', async () => {
  const { run, calls } = await atDaemon();
  expect(await run(['alias', 'bob', 'd'.repeat(64)])).toMatchObject({ code: 78 });
  expect(calls).toEqual([]);
});

test('a peer without a pending request cannot be accepted', async () => {
  const { run, calls } = await atDaemon();
  expect(await run(['requests', 'accept', 'bob'])).toMatchObject({ code: 78 });
  expect(calls.map(([name]) => name)).not.toContain('answerRequest');
});

test('a name of yours that one peer has cannot be given to another', async () => {
  const { run, calls } = await openCommandLineAt({
    listPeers: async () => ({ items: [aPeer(), { ...carol, alias: 'My Friend' }], next_cursor: null }),
    updatePeer: async ({ pubkey }) => aPeerAlone({ pubkey, alias: 'my friend' }),
  });
  expect(await run(['alias', 'bob', 'my', 'friend'])).toMatchObject({
    code: 78,
    err: expect.stringContaining('My Friend (cacacacacaca) already has this name.'),
  });
  expect(calls.map(([name]) => name)).not.toContain('updatePeer');
  expect((await run(['alias', 'carol', 'my', 'friend'])).code).toBe(0);
});

test.each([
  ['bob', 'stranger', 'No pending request from bob (b0b0b0b0b0b0), which is a stranger.', 'ocmesh trust'],
  [bobKey, 'contact', 'No pending request from bob (b0b0b0b0b0b0), which is a contact.', 'ocmesh requests'],
] as const)(
  'the error for a peer without a pending request says what it is: %s, a %s',
  async (name, trust, expected, step) => {
    const { run } = await openCommandLineAt({
      listPeers: async () => ({ items: [aPeer({ trust })], next_cursor: null }),
      listRequests: async () => [],
      async answerRequest() {
        throw new OcmeshError('request_unknown');
      },
    });
    const { err, code } = await run(['requests', 'accept', name]);
    expect(err).toContain(expected);
    expect(err).toContain(step);
    expect(code).toBe(78);
  },
);

test('requests are shown with their peer and their held messages, cleaned', async () => {
  const { run } = await atDaemon();
  const { out } = await run(['requests']);
  expect(out).toMatch(
    /^carol \(cacacacacaca\) wrote to you .*\n│ let me in\n {2}and 2 more\n\nYour agent wants to write to carol .*\n│ let me in\n$/,
  );
});
