import { type Handlers, type Message, OcmeshError } from '@ocmesh/shared/contract';
import { aliceKey } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { connectClient, textOf } from '../test/connect-client.ts';
import { aMessage, aPeer, aPeerAlone, aRequest, aSentMessage, aStatus, bob } from '../test/samples.ts';

const carol = 'ca401'.padEnd(64, '0');
const sent = aSentMessage();
const at = '2026-01-02T12:00:00.000Z';
const withState = (state: Message['delivery']['state']): Message => ({
  ...sent,
  delivery: { ...sent.delivery, state },
});

/** A daemon with a little of everything. */
const answers: Partial<Handlers> = {
  getStatus: async () =>
    aStatus({
      unread_count: 2,
      request_count: 1,
      paused_peers: [carol],
      outbox: { queued: 1, published: 2, failed: 0 },
      degraded: true,
      reasons: [{ code: 'no_relay', message: 'No relay is connected.', since: at, next_step: 'GET /relays' }],
    }),
  listPeers: async () => ({
    items: [
      aPeer({ alias: 'my Bob', trust: 'contact' }),
      aPeer({
        pubkey: carol,
        online: false,
        name: 'Carol',
        about: 'Tomorrow’s weather, for any place.',
        capabilities: ['weather', 'weather-forecast'],
        unread_count: 0,
        paused: { since: at, until: at },
      }),
      aPeer({
        pubkey: 'd'.repeat(64),
        name: null,
        about: null,
        capabilities: [],
        last_seen: '1970-01-01T00:00:00.000Z',
        online: false,
        unread_count: 0,
      }),
    ],
    next_cursor: null,
    counts: { known: 49, announcing: 5, matching: 3 },
  }),
  getPeer: async () => aPeerAlone({ alias: 'my Bob', note: 'met in Lisbon' }),
  updatePeer: async ({ trust = 'contact' }) => aPeerAlone({ trust }),
  answerRequest: async () => aPeerAlone({ trust: 'contact' }),
  listMessages: async ({ direction }) => ({
    items:
      direction === 'out'
        ? [sent]
        : [
            aMessage({ cursor: '7', content: 'Hello,\nwhat can you do?', data: { a: 1 } }),
            aMessage({
              id: 'b'.repeat(32),
              cursor: '8',
              from: carol,
              from_name: 'Carol',
              type: 'result',
              reply_to: sent.id,
              content: 'x'.repeat(1001),
              recipients: [aliceKey, bob],
              subject: 'Sunday',
              missing_before: 2,
            }),
          ],
    next_cursor: direction === 'out' ? null : '8',
  }),
  getMessage: async ({ id }) =>
    id === sent.id ? sent : aMessage({ id: 'm-00000002', type: 'greeting.v2', thread: 'not a plain id' }),
  waitForMessages: async ({ timeout_s, answer_to }) =>
    timeout_s === 0
      ? { messages: [], timed_out: true, cursor: '8' }
      : {
          messages: [
            aMessage({ cursor: '9', content: 'Sunny.', ...(answer_to ? { reply_to: answer_to } : {}) }),
          ],
          timed_out: false,
          cursor: '9',
          ...(answer_to ? { matched: 'reply_to' as const } : {}),
        },
  sendMessage: async ({ to }) => ({ id: sent.id, to, timestamp: at, state: 'queued' }),
  markRead: async () => ({ marked: 2 }),
  getPolicy: async () => ({ strangers: 'ask', first_contact: 'ask', mcp_may_trust: true }),
  listRequests: async () => [aRequest(), aRequest({ direction: 'out', peer: aPeer({ pubkey: carol }) })],
};

const calls: readonly [tool: string, args: Record<string, unknown>][] = [
  ['get_status', {}],
  ['list_peers', { can: 'weather' }],
  ['get_peer', { peer: 'my Bob' }],
  ['send_message', { to: 'my Bob', content: 'Weather in Lisbon?' }],
  ['send_message', { to: 'my Bob', content: 'Weather in Lisbon?', wait_s: 30 }],
  ['list_messages', { unread: true }],
  ['list_messages', { direction: 'out' }],
  ['get_message', { id: 'm-00000002' }],
  ['get_message', { id: sent.id }],
  ['wait_for_message', {}],
  ['wait_for_message', { timeout_s: 0, after: '8' }],
  ['wait_for_message', { reply_to: sent.id }],
  ['mark_read', { up_to: '8' }],
  ['block_peer', { peer: 'my Bob' }],
  ['list_requests', {}],
  ['answer_request', { peer: bob, accept: true }],
  ['trust_peer', { peer: bob }],
  ['get_peer', {}],
];

test('every tool answers in the words that models know', async () => {
  const { call } = await connectClient(answers, { mayTrust: true });
  const shown: string[] = [];
  for (const [tool, args] of calls)
    shown.push(`# ${tool} ${JSON.stringify(args)}\n${textOf(await call(tool, args))}\n`);
  await expect(shown.join('\n')).toMatchFileSnapshot('../test/results.txt');
});

/** What `send_message` says about a message in this state. */
async function said(message: Message, connected = true, over: Partial<Handlers> = {}): Promise<string> {
  const relay = { ...aStatus().relay_status[0], state: connected ? 'connected' : 'disconnected' };
  const { call } = await connectClient({
    ...answers,
    getStatus: async () => aStatus({ relay_status: [relay as never], unread_count: 0 }),
    getMessage: async () => message,
    ...over,
  });
  return textOf(await call('send_message', { to: bob, content: 'x' }));
}

test.each([
  ['queued', 'QUEUED here: no relay has accepted it yet'],
  ['published', 'PUBLISHED on 1 relay known to keep messages'],
  ['delivered', "DELIVERED to the peer's daemon"],
  ['read', "READ by the peer's agent"],
  ['failed', 'FAILED: every relay refused it'],
  ['expired', 'EXPIRED: no relay took it in time'],
] as const)('a message that is %s: %s', async (state, words) => {
  expect(await said(withState(state))).toContain(`id: ${sent.id} | to b0b0b0b0b0b0\n${words}`);
});

test('a queued message says that the relays which answered OK drop it', async () => {
  const message = withState('queued');
  const [relay] = message.delivery.relays;
  const relays = relay ? [{ ...relay, outcome: 'dropped' as const }] : [];
  expect(await said({ ...message, delivery: { ...message.delivery, relays } })).toContain(
    'QUEUED here: 1 relay answered OK, but drops what it accepts.',
  );
});

test('a message on relays that are not known to keep it says so', async () => {
  const message = withState('published');
  expect(await said({ ...message, delivery: { ...message.delivery, kept_by: 0 } })).toContain(
    'PUBLISHED on 1 relay, none known to keep messages; not confirmed',
  );
});

test('a published message is not called delivered, and one without a relay says that there is none', async () => {
  expect(await said(withState('published'))).toContain(
    'not confirmed by the peer: do not say it was delivered',
  );
  expect(await said(withState('queued'), false)).toContain('QUEUED here: no relay is connected');
});

test('what fails after a message was accepted is no error: the model would send it again', async () => {
  const fail = async () => {
    throw new TypeError('gone');
  };
  expect(await said(withState('queued'), true, { getMessage: fail })).toContain(
    `QUEUED here. get_message with this id shows how far it gets`,
  );
  const { call } = await connectClient({
    ...answers,
    waitForMessages: async () => {
      throw new OcmeshError('too_many_waiters');
    },
  });
  const result = await call('send_message', { to: bob, content: 'x', wait_s: 5 });
  expect(result.isError).toBeUndefined();
  expect(textOf(result)).toContain(
    `The wait failed (too_many_waiters). wait_for_message with reply_to ${sent.id}`,
  );
});

test('a reply to a message that is not here is told', async () => {
  const unknown = async ({ id }: { id: string }) => {
    if (id === sent.id) return sent;
    throw new OcmeshError('message_unknown');
  };
  const { call } = await connectClient({ ...answers, getMessage: unknown });
  expect(textOf(await call('send_message', { to: bob, content: 'x', reply_to: 'wrong-id' }))).toContain(
    'reply_to names no message here',
  );
  expect(textOf(await call('send_message', { to: bob, content: 'x', reply_to: sent.id }))).not.toContain(
    'reply_to names',
  );
});

test('what we sent is neither read nor unread', async () => {
  const { call } = await connectClient(answers);
  for (const [tool, args] of [
    ['get_message', { id: sent.id }],
    ['list_messages', { direction: 'out' }],
  ] as const)
    expect(textOf(await call(tool, args)).replace(/\nunread: 2$/, '')).not.toMatch(/\b(un)?read\b/);
});

test('a wait passes the id on as the message to be answered, and its cursor to the next wait', async () => {
  const { call, calls } = await connectClient(answers);
  expect(textOf(await call('wait_for_message', { reply_to: sent.id }))).toContain('matched: reply_to');
  await call('wait_for_message', { after: '9.part', timeout_s: 50 });
  expect(calls.filter(([name]) => name === 'waitForMessages').map(([, input]) => input)).toEqual([
    { timeout_s: 25, answer_to: sent.id },
    { timeout_s: 50, after: '9' },
  ]);
});

test('up_to takes the cursor of everything unread, and no other', async () => {
  const { call, calls } = await connectClient(answers);
  const upTo = async (tool: string, args: Record<string, unknown>) =>
    /(?:next_)?cursor: (\S+)/.exec(textOf(await call(tool, args)))?.[1];
  const whole = [
    await upTo('list_messages', { unread: true }),
    await upTo('list_messages', { unread: true, cursor: '5' }),
    await upTo('wait_for_message', {}),
    await upTo('wait_for_message', { after: '8' }),
  ];
  expect(whole).toEqual(['8', '8', '9', '9']);
  const partial = [
    await upTo('list_messages', { unread: true, q: 'hello' }),
    await upTo('list_messages', { unread: true, with: bob }),
    await upTo('list_messages', { unread: true, cursor: '5.part' }),
    await upTo('list_messages', { unread: true, order: 'desc' }),
    await upTo('list_messages', { after: '3' }),
    await upTo('list_messages', {}),
    await upTo('wait_for_message', { from: bob }),
    await upTo('wait_for_message', { after: '8.part' }),
    await upTo('wait_for_message', { reply_to: sent.id }),
  ];
  for (const cursor of partial) {
    expect(cursor).toMatch(/\.part$/);
    expect(textOf(await call('mark_read', { up_to: cursor }))).toMatch(
      /^invalid_request: .+Nothing was marked/,
    );
  }
  expect(calls.map(([name]) => name)).not.toContain('markRead');
  await call('mark_read', { up_to: whole[0] });
  expect(calls).toContainEqual(['markRead', { up_to: '8' }]);
  for (const wrong of [{}, { ids: ['a'], up_to: '8' }])
    expect(textOf(await call('mark_read', wrong))).toContain('Give either ids or up_to');
});
