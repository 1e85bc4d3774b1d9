import { OcmeshError } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { connectClient, textOf } from '../test/connect-client.ts';
import { aPeer, aPeerAlone, aRequest, aStatus, bob } from '../test/samples.ts';

test('blocks a peer and does nothing else', async () => {
  const { call, calls } = await connectClient({
    updatePeer: async () => aPeerAlone({ trust: 'blocked' }),
  });
  expect(textOf(await call('block_peer', { peer: bob }))).toMatch(/^b0b0b0b0b0b0 is blocked\./);
  expect((await call('block_peer', { peer: bob, trust: 'contact' })).isError).toBe(true);
  expect(calls.filter(([name]) => name !== 'getStatus')).toEqual([
    ['updatePeer', { pubkey: bob, trust: 'blocked' }],
  ]);
});

const trustTools = ['answer_request', 'list_requests', 'trust_peer'];

test('the tools that add contacts are listed only if the owner allows it', async () => {
  const { client, call, calls } = await connectClient({});
  const names = async (of: typeof client) => (await of.listTools()).tools.map(({ name }) => name);
  expect(await names(client)).not.toEqual(expect.arrayContaining([expect.stringMatching(/request|trust/)]));
  for (const name of trustTools)
    await expect(call(name, { pubkey: bob, accept: true })).rejects.toMatchObject({ code: -32602 });
  expect(calls).toEqual([]);
  const allowed = await connectClient({}, { mayTrust: true });
  expect(await names(allowed.client)).toEqual(expect.arrayContaining(trustTools));
});

test('a model lists and answers requests and trusts peers while the owner allows it', async () => {
  const policy = { strangers: 'ask', first_contact: 'ask', mcp_may_trust: true } as const;
  let mayStill = true;
  const { call, calls } = await connectClient(
    {
      getPolicy: async () => ({ ...policy, mcp_may_trust: mayStill }),
      listRequests: async () => [aRequest(), aRequest({ direction: 'out' })],
      answerRequest: async () => aPeerAlone({ trust: 'contact' }),
      updatePeer: async () => aPeerAlone({ trust: 'contact' }),
    },
    { mayTrust: true },
  );
  const listed = textOf(await call('list_requests'));
  expect(listed).toMatch(/1\. b0b0b0b0b0b0 .+ wants to write to this agent/);
  expect(listed).toMatch(/<<<untrusted [\s\S]+1 wrote: let me in[\s\S]+<<<end/);
  expect(listed).toMatch(/^2 unsent: let me in$/m);
  await call('answer_request', { peer: bob, accept: true });
  await call('trust_peer', { peer: bob });
  expect(calls).toContainEqual(['answerRequest', { pubkey: bob, accept: true }]);
  expect(calls).toContainEqual(['updatePeer', { pubkey: bob, trust: 'contact' }]);
  mayStill = false;
  calls.splice(0);
  for (const name of ['answer_request', 'trust_peer']) {
    const refused = await call(name, { peer: bob, ...(name === 'trust_peer' ? {} : { accept: true }) });
    expect(textOf(refused)).toMatch(/^owner_only: /);
  }
  expect(calls.map(([name]) => name).filter((name) => name !== 'getStatus')).toEqual([
    'getPolicy',
    'getPolicy',
  ]);
});

test('a paused conversation is shown with its peer and in the status, and sending says what to do', async () => {
  const paused = { since: '2026-01-02T12:00:00.000Z', until: '2026-01-02T13:00:00.000Z' };
  const { call } = await connectClient({
    getPeer: async () => aPeerAlone({ paused }),
    listPeers: async () => ({ items: [aPeer({ paused })], next_cursor: null }),
    getStatus: async () => aStatus({ paused_peers: [bob], request_count: 3 }),
    sendMessage: async () => {
      throw new OcmeshError('loop_suspected', { retryAfterSeconds: 3000 });
    },
  });
  const until = 'paused until 2026-01-02T13:00Z';
  expect(textOf(await call('get_peer', { peer: bob }))).toContain(until);
  expect(textOf(await call('list_peers'))).toContain(until);
  expect(textOf(await call('get_status'))).toMatch(
    /requests: 3 [\s\S]+paused by the loop guard: b0b0b0b0b0b0/,
  );
  expect(textOf(await call('send_message', { to: bob, content: 'ok' }))).toMatch(
    /^loop_suspected: .+ Do not retry\. Tell your user/,
  );
});
