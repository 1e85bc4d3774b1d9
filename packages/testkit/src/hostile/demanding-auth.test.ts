import { expect, test } from 'vitest';
import {
  alice,
  authenticate,
  challenged,
  dm,
  dmFilter,
  sign,
  start,
  until,
} from '../../test/support/raw-client.ts';
import { createFakeClock } from '../fake-clock.ts';

test('auth-storm: sends 200 challenges a second, and accepts no response', async () => {
  const clock = createFakeClock();
  const relay = await start('auth-storm', { clock });
  const client = await challenged(relay.url);
  client.send('REQ', 'dm', dmFilter);
  await client.has('CLOSED', 'dm', 'auth-required: answer the challenge');
  const id = authenticate(client, relay.url);
  await client.has('OK', id, false, 'invalid: that challenge is over');
  await clock.advance(1_000);
  await until(() => expect(client.ofType('AUTH')).toHaveLength(201));
  expect(new Set(client.ofType('AUTH').map(([, challenge]) => challenge)).size).toBe(201);
  const event = dm('may write');
  client.send('EVENT', event);
  await client.has('OK', event.id, true, '');
});

test('refuses-auth: sends a challenge and refuses every response', async () => {
  const relay = await start('refuses-auth');
  const client = await challenged(relay.url);
  const id = authenticate(client, relay.url);
  await client.has('OK', id, false, 'restricted: you are no member');
  client.send('REQ', 'dm', dmFilter);
  await client.has('CLOSED', 'dm', 'auth-required: members only');
  expect(relay.misdeeds()).toBe(1);
});

test('strfry-closed: hides the prefix, and serves authenticated clients', async () => {
  const relay = await start('strfry-closed');
  const client = await challenged(relay.url);
  const refusal = 'ERROR: auth-required: requested filter requires authentication';
  client.send('REQ', 'presence', { kinds: [31337] });
  await client.has('EOSE', 'presence');
  client.send('REQ', 'dm', dmFilter);
  await client.has('CLOSED', 'dm', refusal);
  const wrong = authenticate(client, 'wss://elsewhere.test');
  await client.has('OK', wrong, false, 'error: auth event failed validation');
  const right = authenticate(client, relay.url);
  await client.has('OK', right, true, '');
  const [own, other] = [dm('for bob'), sign({ kind: 4, tags: [['p', alice.pubkey]] })];
  client.send('EVENT', other);
  client.send('EVENT', own);
  client.send('REQ', 'all dms', { kinds: [4] });
  await client.has('EOSE', 'all dms');
  expect(client.events('all dms')).toEqual([own]);
  expect(relay.misdeeds()).toBe(1);
});

test('reopened-challenge: forgets who a client is and closes its subscriptions', async () => {
  const clock = createFakeClock();
  const relay = await start('reopened-challenge', { clock });
  const client = await challenged(relay.url);
  for (let time = 1; time <= 2; time++) {
    authenticate(client, relay.url);
    client.send('REQ', `dm ${time}`, dmFilter);
    await client.has('EOSE', `dm ${time}`);
    await clock.advance(1_000);
    await client.has('CLOSED', `dm ${time}`, 'auth-required: who are you?');
    expect(client.ofType('AUTH')).toHaveLength(time + 1);
    client.send('REQ', `again ${time}`, dmFilter);
    await client.has('CLOSED', `again ${time}`, 'auth-required: who are you?');
  }
  expect(relay.subscriptions()).toBe(0);
  expect(relay.misdeeds()).toBe(2);
});
