import { expect, test } from 'vitest';
import { dm, rawClient, sign, start, subscribed, until } from '../../test/support/raw-client.ts';
import { createFakeClock } from '../fake-clock.ts';

test('two-hours-late: accepts and forwards an event only two hours after it was signed', async () => {
  const clock = createFakeClock();
  const relay = await start('two-hours-late', { clock });
  const client = await subscribed(relay.url);
  const event = dm('in due time', { created_at: clock.now() / 1000 });
  client.send('EVENT', event);
  await client.has('OK', event.id, false, 'error: try again later');
  await clock.advance(2 * 3_600_000 - 1);
  client.send('EVENT', event);
  await until(() => expect(client.ofType('OK')).toHaveLength(2));
  expect([relay.misdeeds(), relay.stored()]).toEqual([2, []]);
  await clock.advance(1);
  client.send('EVENT', event);
  await client.has('OK', event.id, true, '');
  await until(() => expect(client.events('dm')).toEqual([event]));
});

test('two-hours-late: accepts a gift wrap two hours after the first attempt, whatever its date', async () => {
  const clock = createFakeClock();
  const relay = await start('two-hours-late', { clock });
  const client = await subscribed(relay.url);
  const wrap = sign({ kind: 1059, created_at: clock.now() / 1000 - 2 * 86_400 });
  client.send('EVENT', wrap);
  await client.has('OK', wrap.id, false, 'error: try again later');
  await clock.advance(2 * 3_600_000);
  client.send('EVENT', wrap);
  await client.has('OK', wrap.id, true, '');
});

test('rate-limiter: accepts six events a minute, from all clients together', async () => {
  const clock = createFakeClock();
  const relay = await start('rate-limiter', { clock });
  const [one, other] = [await subscribed(relay.url), await subscribed(relay.url)];
  const write = async (client: typeof one) => {
    const event = dm(String(client.ofType('OK').length));
    client.send('EVENT', event);
    await until(() => expect(client.ofType('OK').at(-1)?.[1]).toBe(event.id));
    return client.ofType('OK').at(-1)?.slice(2);
  };
  for (let index = 0; index < 6; index++) {
    expect(await write(index % 2 ? one : other)).toEqual([true, '']);
    await clock.advance(1_000);
  }
  expect(await write(one)).toEqual([false, 'rate-limited: slow down']);
  await clock.advance(54_000);
  expect(await write(other)).toEqual([true, '']);
  expect(await write(one)).toEqual([false, 'rate-limited: slow down']);
  expect(relay.misdeeds()).toBe(2);
});

test.each([
  ['restricted-writer', 'restricted: sign up to write here'],
  ['pow-demander', 'pow: 28 bits needed'],
] as const)('%s: lets everybody read and refuses every event with %j', async (name, reason) => {
  const relay = await start(name);
  const client = await subscribed(relay.url);
  const event = dm('no');
  client.send('EVENT', event);
  await client.has('OK', event.id, false, reason);
  expect(relay.stored()).toEqual([]);
});

test('pow-demander: accepts events with enough proof of work', async () => {
  const relay = await start('pow-demander', { tuning: { powBits: 3 } });
  const client = await subscribed(relay.url);
  let event = sign({});
  for (let nonce = 1; !/^[01]/.test(event.id); nonce++) event = sign({ content: String(nonce) });
  client.send('EVENT', event);
  await client.has('OK', event.id, true, '');
});

test.each([402, 403, 429] as const)('http-%s: refuses the upgrade with that status', async (status) => {
  const relay = await start(`http-${status}`);
  const client = rawClient(relay.url);
  await client.isClosed();
  expect(client.problems).toEqual([`Unexpected server response: ${status}`]);
  expect(relay.misdeeds()).toBe(1);
});

test('refuses-old-dates: refuses what is older than 15 minutes, and takes what is dated ahead', async () => {
  const clock = createFakeClock();
  const relay = await start('refuses-old-dates', { clock });
  const client = await subscribed(relay.url);
  const nowSec = clock.now() / 1000;
  const [old, young, ahead] = [-901, -900, 7_200].map((offSec) =>
    sign({ kind: 1059, created_at: nowSec + offSec }),
  );
  for (const event of [old, young, ahead]) client.send('EVENT', event);
  await client.has('OK', old?.id, false, 'invalid: created_at too far in the past');
  for (const event of [young, ahead]) await client.has('OK', event?.id, true, '');
  expect(relay.misdeeds()).toBe(1);
});

test('refuses-all-but-now: takes only dates within 60 s', async () => {
  const clock = createFakeClock();
  const relay = await start('refuses-all-but-now', { clock });
  const client = await subscribed(relay.url);
  const at = (offSec: number) => sign({ kind: 1059, created_at: clock.now() / 1000 + offSec });
  const [good, bad] = [
    [at(-60), at(60)],
    [at(-61), at(61)],
  ];
  for (const event of [...good, ...bad]) client.send('EVENT', event);
  for (const { id } of good) await client.has('OK', id, true, '');
  for (const { id } of bad) {
    await client.has('OK', id, false, 'invalid: event timestamp too far from server time');
  }
});

test('blocks-once: refuses the first direct message, and then takes it', async () => {
  const relay = await start('blocks-once');
  const client = await subscribed(relay.url);
  const [note, message] = [sign({}), dm('hello')];
  client.send('EVENT', note);
  await client.has('OK', note.id, true, '');
  client.send('EVENT', message);
  await client.has('OK', message.id, false, 'blocked: slow down');
  client.send('EVENT', message);
  await client.has('OK', message.id, true, '');
  await client.has('EVENT', 'dm', message);
  expect(relay.misdeeds()).toBe(1);
});

test.each([
  ['ok-as-text', ['true']],
  ['false-duplicate', [false, 'duplicate']],
] as const)('%s: stores and forwards an event, and answers oddly', async (name, answer) => {
  const relay = await start(name);
  const client = await subscribed(relay.url);
  const event = dm('hello');
  client.send('EVENT', event);
  await client.has('OK', event.id, ...answer);
  await client.has('EVENT', 'dm', event);
  expect(relay.stored()).toEqual([event]);
});
