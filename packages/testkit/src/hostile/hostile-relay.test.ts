import { expect, test } from 'vitest';
import { dm, dmFilter, sign, start, subscribed, until } from '../../test/support/raw-client.ts';
import { type HostileRelayName, hostileRelays } from './hostile-relays.ts';

const names = Object.keys(hostileRelays) as HostileRelayName[];
/** Relays that send nothing complete within the time of a test, or that refuse reads or writes. */
const exceptions: readonly HostileRelayName[] = [
  'half-open',
  'never-upgrades',
  'auth-storm',
  'refuses-auth',
  'reopened-challenge',
  'notice-instead-of-closed',
  'strfry-closed',
  'loses-first-req',
  'never-eose',
  'zip-bomb',
  'slow-drip',
  'ok-but-drops',
  'two-hours-late',
  'restricted-writer',
  'pow-demander',
  'http-402',
  'http-403',
  'http-429',
  'never-forwards',
  'forwards-only',
  'loses-at-random',
  'refuses-old-dates',
  'refuses-all-but-now',
  'blocks-once',
  'ok-as-text',
  'false-duplicate',
  'eose-first',
  'slow-to-answer',
  'closes-duplicates',
  'few-subscriptions',
  'nostr-rs-relay-dms',
  'khatru',
];

test.each(names.filter((name) => !exceptions.includes(name)))(
  '%s is honest otherwise: it stores, forwards once, and replaces',
  async (name) => {
    const relay = await start(name);
    const client = await subscribed(relay.url);
    const message = dm('hello');
    client.send('EVENT', message);
    await client.has('OK', message.id, true, '');
    await until(() => expect(client.events('dm')).toContainEqual(message));
    client.send('REQ', 'stored', dmFilter);
    await client.has('EOSE', 'stored');
    expect(client.events('stored')).toContainEqual(message);
    client.send('CLOSE', 'dm');

    const at = (created_at: number) => sign({ kind: 31337, tags: [['d', 'x']], created_at });
    const [older, newer] = [at(1_000), at(2_000)];
    for (const event of [newer, older, message]) client.send('EVENT', event);
    await until(() => expect(client.ofType('OK').map(([, id]) => id)).toContain(older.id));
    await until(() => expect(relay.subscriptions()).toBe(1));
    expect(relay.stored()).toEqual([message, newer]);
  },
);

test('ignores invalid frames', async () => {
  const relay = await start('rate-limiter');
  const client = await subscribed(relay.url);
  for (const text of ['', '{', '{}', 'null', '[]', '[1]', '["EVENT"]', '["REQ"]', '["CLOSE",{}]']) {
    client.socket.send(text);
  }
  client.send('REQ', 'after', { kinds: [1] });
  await client.has('EOSE', 'after');
});

test('cut() ends all connections, and new ones are accepted', async () => {
  const relay = await start('rate-limiter');
  const client = await subscribed(relay.url);
  relay.cut();
  await client.isClosed();
  await subscribed(relay.url);
  expect([relay.connections(), relay.subscriptions()]).toEqual([2, 1]);
});

test('forget() loses what is stored, and behave() makes it honest and hostile again', async () => {
  const relay = await start('ok-but-drops');
  const client = await subscribed(relay.url);
  const [dropped, kept, droppedToo] = ['dropped', 'kept', 'dropped, too'].map((text) => dm(text));
  const publish = async (event: typeof dropped) => {
    client.send('EVENT', event);
    await client.has('OK', event?.id, true, '');
  };
  await publish(dropped);
  relay.behave(true);
  await publish(kept);
  relay.behave(false);
  await publish(droppedToo);
  expect(client.events('dm')).toEqual([kept]);
  expect(relay.stored()).toEqual([kept]);
  relay.forget();
  client.send('REQ', 'stored', dmFilter);
  await client.has('EOSE', 'stored');
  expect(client.events('stored')).toEqual([]);
});
