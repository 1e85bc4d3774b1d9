import { actor } from '@ocmesh/testkit';
import { describe, expect, test } from 'vitest';
import { openRelay } from '../test/client.ts';
import { relayHosts } from './auth.ts';

const [alice, bob] = [actor('alice'), actor('bob')];

describe('AUTH (NIP-42)', () => {
  test('every connection gets its own challenge', async () => {
    const relay = await openRelay();
    const [first, second] = [await relay.connect(), await relay.connect()];
    expect(first.challenge).toMatch(/^[0-9a-f]{32}$/);
    expect(second.challenge).not.toBe(first.challenge);
    expect((await first.authenticate(alice, { challenge: second.challenge })).reason).toBe(
      'invalid: wrong challenge',
    );
  });

  test('several keys may authenticate on one connection, up to the limit', async () => {
    const relay = await openRelay({ limits: { keys: 2 } });
    const client = await relay.connect();
    expect(await client.authenticate(alice)).toMatchObject({ ok: true });
    expect(await client.authenticate(bob)).toMatchObject({ ok: true });
    expect((await client.authenticate(actor('carol'))).reason).toMatch(/^rate-limited: /);
    await client.publish(relay.sign(actor('carol'), { kind: 4, tags: [['p', bob.pubkey]] }));
    expect((await client.ask('s', { kinds: [4] })).events).toHaveLength(1);
  });

  test.each([-600, 600])('accepts a clock that is %i s off, and no more', async (offSec) => {
    const relay = await openRelay();
    const client = await relay.connect();
    const created_at = relay.nowSec() + offSec;
    expect(await client.authenticate(alice, { created_at })).toMatchObject({ ok: true });
    const further = created_at + Math.sign(offSec);
    expect(await client.authenticate(bob, { created_at: further })).toMatchObject({ ok: false });
  });

  test('the relay tag may have a trailing slash or another name of loopback, but no other port or host', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    for (const name of [
      `ws://127.0.0.1:${relay.port}/`,
      `ws://localhost:${relay.port}`,
      `ws://[::1]:${relay.port}`,
    ]) {
      expect(await client.authenticate(alice, { relay: name })).toMatchObject({ ok: true });
    }
    for (const name of [`ws://127.0.0.1:${relay.port + 1}`, 'wss://relay.example', 'relay', '']) {
      const { reason } = await client.authenticate(alice, { relay: name });
      expect(reason).toBe('invalid: signed for another relay');
    }
  });

  test('with a service URL no other name is accepted', async () => {
    const relay = await openRelay({ serviceUrl: 'wss://relay.example/mesh' });
    const client = await relay.connect();
    expect(await client.authenticate(alice, { relay: 'wss://relay.example' })).toMatchObject({ ok: true });
    expect(await client.authenticate(bob)).toMatchObject({ ok: false });
  });

  test('a forged signature proves nothing', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    const tags = [
      ['relay', relay.url],
      ['challenge', client.challenge],
    ];
    const event = relay.sign(alice, { kind: 22242, tags });
    client.send('AUTH', { ...event, pubkey: bob.pubkey });
    expect((await client.next((frame) => frame[0] === 'OK'))[3]).toBe('invalid: bad id or signature');
    expect((await client.ask('s', { kinds: [4] })).closed).toMatch(/^auth-required: /);
  });

  test('an AUTH event cannot be published', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    const event = relay.sign(alice, { kind: 22242, tags: [['challenge', client.challenge]] });
    expect(await client.publish(event)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/^invalid: /),
    });
  });
});

test.each([
  [
    'a service URL',
    { serviceUrl: 'wss://r.example:443', boundTo: '0.0.0.0', port: 7, hostHeader: 'x' },
    ['r.example'],
  ],
  ['a network address', { boundTo: '0.0.0.0', port: 7, hostHeader: 'lan:7' }, ['lan:7']],
  ['a network address without Host', { boundTo: '192.168.1.2', port: 7, hostHeader: undefined }, []],
  [
    'IPv6 loopback',
    { boundTo: '::1', port: 7, hostHeader: 'evil' },
    ['localhost:7', '127.0.0.1:7', '[::1]:7', '[::1]:7'],
  ],
])('%s decides which hosts a client may name', (_, where, hosts) => {
  expect(relayHosts({ serviceUrl: undefined, ...where })).toEqual(hosts);
});
