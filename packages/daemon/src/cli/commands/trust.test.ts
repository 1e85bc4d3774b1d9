import { OcmeshError, type Request } from '@ocmesh/shared/contract';
import { aPeer, aPeerAlone, bobKey } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { openCommandLineAt } from '../../../test/support/command-line.ts';

const carol = aPeer({ pubkey: 'ca'.repeat(32), name: 'carol' });
const request = (over: Partial<Request> = {}): Request => ({
  direction: 'in',
  since: '2026-01-01T12:00:00.000Z',
  peer: carol,
  message_count: 3,
  messages: [{ id: 'm', type: 'text', content: 'let me in\u202e', timestamp: '2026-01-01T12:00:00.000Z' }],
  ...over,
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
  ['trust bob', 'updatePeer', { pubkey: bobKey, trust: 'contact' }, 'bob (b0b0b0b0b0b0) is a contact now.'],
  [
    'untrust bob',
    'updatePeer',
    { pubkey: bobKey, trust: 'stranger' },
    'bob (b0b0b0b0b0b0) is a stranger now.',
  ],
  ['block bob', 'updatePeer', { pubkey: bobKey, trust: 'blocked' }, 'bob (b0b0b0b0b0b0) is blocked now.'],
  [
    'unblock bob',
    'updatePeer',
    { pubkey: bobKey, trust: 'stranger' },
    'bob (b0b0b0b0b0b0) is a stranger now.',
  ],
  [
    'alias bob my friend',
    'updatePeer',
    { pubkey: bobKey, alias: 'my friend' },
    'b0b0b0b0b0b0 is my friend now.',
  ],
  ['alias bob', 'updatePeer', { pubkey: bobKey, alias: null }, 'b0b0b0b0b0b0 has no name of yours any more.'],
  ['resume bob', 'resumePeer', { pubkey: bobKey }, 'Messages go to bob (b0b0b0b0b0b0) again.'],
  [
    'requests accept carol',
    'answerRequest',
    { pubkey: carol.pubkey, accept: true },
    'carol (cacacacacaca) is a contact now.',
  ],
  [
    'requests refuse carol',
    'answerRequest',
    { pubkey: carol.pubkey, accept: false },
    'carol (cacacacacaca) is blocked now.',
  ],
] as const)('`%s`', async (line, operation, input, said) => {
  const { run, calls } = await atDaemon();
  expect(await run(line.split(' '))).toEqual({ out: `${said}\n`, err: '', code: 0 });
  expect(calls.at(-1)).toEqual([operation, input]);
});

test('a whole key that nobody saw yet is added, and trusted', async () => {
  const { run, calls } = await atDaemon();
  const pubkey = 'd'.repeat(64);
  await run(['trust', pubkey]);
  expect(calls).toEqual([
    ['addPeer', { pubkey }],
    ['updatePeer', { pubkey, trust: 'contact' }],
  ]);
});

test('a key is no name for a peer', async () => {
  const { run, calls } = await atDaemon();
  expect(await run(['alias', 'bob', 'd'.repeat(64)])).toMatchObject({ code: 78 });
  expect(calls).toEqual([]);
});

test('only who waits for an answer can be answered', async () => {
  const { run, calls } = await atDaemon();
  expect(await run(['requests', 'accept', 'bob'])).toMatchObject({ code: 78 });
  expect(calls.map(([name]) => name)).not.toContain('answerRequest');
});

test('a name of yours names one peer: another cannot get it', async () => {
  const { run, calls } = await openCommandLineAt({
    listPeers: async () => ({ items: [aPeer(), { ...carol, alias: 'My Friend' }], next_cursor: null }),
    updatePeer: async ({ pubkey }) => aPeerAlone({ pubkey, alias: 'my friend' }),
  });
  expect(await run(['alias', 'bob', 'my', 'friend'])).toMatchObject({
    code: 78,
    err: expect.stringContaining('My Friend (cacacacacaca) has this name already.'),
  });
  expect(calls.map(([name]) => name)).not.toContain('updatePeer');
  expect((await run(['alias', 'carol', 'my', 'friend'])).code).toBe(0);
});

test.each([
  ['bob', 'stranger', 'bob (b0b0b0b0b0b0) does not wait for an answer: it is a stranger.', 'ocmesh trust'],
  [bobKey, 'contact', 'bob (b0b0b0b0b0b0) does not wait for an answer: it is a contact.', 'ocmesh requests'],
] as const)('who does not wait for an answer is told as that: %s, a %s', async (name, trust, said, step) => {
  const { run } = await openCommandLineAt({
    listPeers: async () => ({ items: [aPeer({ trust })], next_cursor: null }),
    listRequests: async () => [],
    async answerRequest() {
      throw new OcmeshError('request_unknown');
    },
  });
  const { err, code } = await run(['requests', 'accept', name]);
  expect(err).toContain(said);
  expect(err).toContain(step);
  expect(code).toBe(78);
});

test('requests are shown with what is held, cleaned, and whose they are', async () => {
  const { run } = await atDaemon();
  const { out } = await run(['requests']);
  expect(out).toMatch(
    /^carol \(cacacacacaca\) writes to you .*\n│ let me in\n {2}and 2 more\n\nYour agent wants to write to carol .*\n│ let me in\n$/,
  );
});
