import { actor } from '@ocmesh/testkit';
import { describe, expect, test } from 'vitest';
import { openRelay } from '../test/client.ts';

const [alice, bob, eve] = [actor('alice'), actor('bob'), actor('eve')];
const toBob = [['p', bob.pubkey]];

describe.each([
  ['NIP-04 messages', 4],
  ['gift wraps', 1059],
])('%s', (_, kind) => {
  test('a REQ for them without AUTH is closed with auth-required', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    expect((await client.ask('s', { kinds: [1, kind], '#p': [bob.pubkey] })).closed).toMatch(
      /^auth-required: /,
    );
  });

  test('are shown after AUTH to author and recipient only', async () => {
    const relay = await openRelay();
    const message = relay.sign(alice, { kind, tags: toBob });
    await (await relay.connect()).publish(message);
    for (const [who, count] of [
      [alice, 1],
      [bob, 1],
      [eve, 0],
    ] as const) {
      const client = await relay.connect();
      expect(await client.authenticate(who)).toEqual({ ok: true, reason: '' });
      expect((await client.ask('s', { kinds: [kind] })).events).toHaveLength(count);
    }
  });

  test('are hidden from filters that match them by other fields', async () => {
    const relay = await openRelay();
    const message = relay.sign(alice, { kind, tags: toBob });
    const client = await relay.connect();
    await client.publish(message);
    for (const filter of [{}, { ids: [message.id] }, { '#p': [bob.pubkey] }, { authors: [alice.pubkey] }]) {
      expect(await client.ask('s', filter)).toEqual({ events: [], hints: ['finish'] });
    }
  });

  test('are hidden from live subscriptions of strangers, and arrive at the recipient', async () => {
    const relay = await openRelay();
    const [stranger, spy, recipient] = [await relay.connect(), await relay.connect(), await relay.connect()];
    await spy.authenticate(eve);
    await recipient.authenticate(bob);
    await stranger.ask('s', { '#p': [bob.pubkey] });
    await spy.ask('s', { kinds: [kind] });
    await recipient.ask('s', { kinds: [kind], '#p': [bob.pubkey] });
    const message = relay.sign(alice, { kind, tags: toBob });
    await stranger.publish(message);
    expect(await recipient.news('s')).toEqual(message);
    for (const other of [stranger, spy]) {
      await other.ask('barrier', { limit: 0 });
      expect(other.unread).toEqual([]);
    }
  });

  test('are shown to all clients with openDms', async () => {
    const relay = await openRelay({ openDms: true });
    const client = await relay.connect();
    await client.publish(relay.sign(alice, { kind, tags: toBob }));
    expect((await client.ask('s', { kinds: [kind] })).events).toHaveLength(1);
  });
});

describe('protected events (NIP-70)', () => {
  const tags = [['-']];

  test('are accepted only from their author', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    const event = relay.sign(alice, { tags });
    expect((await client.publish(event)).reason).toMatch(/^auth-required: /);
    await client.authenticate(eve);
    expect((await client.publish(event)).reason).toMatch(/^restricted: /);
    await client.authenticate(alice);
    expect(await client.publish(event)).toEqual({ ok: true, reason: '' });
  });
});

describe('a private mesh', () => {
  const allowedPubkeys = [alice.pubkey, bob.pubkey];

  test('accepts events of its members and refuses all others', async () => {
    const relay = await openRelay({ allowedPubkeys });
    const client = await relay.connect();
    expect(await client.publish(relay.sign(alice))).toEqual({ ok: true, reason: '' });
    expect((await client.publish(relay.sign(eve))).reason).toMatch(/^restricted: /);
  });

  test('lets only members subscribe', async () => {
    const relay = await openRelay({ allowedPubkeys });
    const [member, stranger] = [await relay.connect(), await relay.connect()];
    await member.publish(relay.sign(alice));
    expect((await stranger.ask('s', { kinds: [1] })).closed).toMatch(/^auth-required: restricted/);
    await stranger.authenticate(eve);
    expect((await stranger.ask('s', { kinds: [1] })).closed).toMatch(/^restricted: /);
    await member.authenticate(bob);
    expect((await member.ask('s', { kinds: [1] })).events).toHaveLength(1);
  });

  test('accepts gift wraps, which are signed by single-use keys, from a member’s connection', async () => {
    const relay = await openRelay({ allowedPubkeys });
    const client = await relay.connect();
    const wrap = relay.sign(actor('one-time'), { kind: 1059, tags: toBob });
    expect((await client.publish(wrap)).reason).toMatch(/^auth-required: /);
    await client.authenticate(eve);
    expect((await client.publish(wrap)).reason).toMatch(/^restricted: /);
    await client.authenticate(alice);
    expect(await client.publish(wrap)).toEqual({ ok: true, reason: '' });
  });
});
