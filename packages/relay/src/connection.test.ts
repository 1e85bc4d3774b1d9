import { once } from 'node:events';
import { actor } from '@ocmesh/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openRelay } from '../test/client.ts';

const alice = actor('alice');

describe('garbage', () => {
  test.each([
    ['no JSON', '{"EVENT'],
    ['no array', '{"a":1}'],
    ['an empty array', '[]'],
    ['an unknown type', '["NEG-OPEN","x",{}]'],
    ['a type that is no text', '[[["REQ"]]]'],
    ['a REQ without id', '["REQ"]'],
    ['a REQ with a number as id', '["REQ",5,{}]'],
    ['a REQ with an empty id', '["REQ","",{}]'],
    ['deep nesting', '['.repeat(60_000) + ']'.repeat(60_000)],
  ])('%s gets a NOTICE', async (_, text) => {
    const relay = await openRelay();
    const client = await relay.connect();
    client.socket.send(text);
    expect(await client.notice()).toMatch(/^invalid: /);
  });

  test.each([
    ['nothing', undefined],
    ['a text', 'event'],
    ['null', null],
    ['an id that is an object', { id: {} }],
    [
      'an event without signature',
      { id: 'a'.repeat(64), pubkey: 'b'.repeat(64), kind: 1, tags: [], content: '' },
    ],
  ])('%s as an event or AUTH is refused as invalid', async (_, value) => {
    const relay = await openRelay();
    const client = await relay.connect();
    for (const type of ['EVENT', 'AUTH']) {
      client.send(type, value);
      expect((await client.next((frame) => frame[0] === 'OK'))[3]).toMatch(/^invalid: /);
    }
  });

  test('a binary frame gets a NOTICE', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    client.socket.send(Buffer.from('["CLOSE","x"]'));
    expect(await client.notice()).toMatch(/^invalid: /);
  });

  test('no array of JSON values stops the relay', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    const type = fc.constantFrom('EVENT', 'REQ', 'CLOSE', 'AUTH');
    const filter = fc.dictionary(
      fc.constantFrom('ids', 'kinds', '#p', '#t', 'limit', 'since', '__proto__'),
      fc.jsonValue(),
    );
    const argument = fc.oneof(fc.jsonValue(), filter);
    await fc.assert(
      fc.asyncProperty(type, fc.array(argument, { maxLength: 3 }), async (name, rest) => {
        client.send(name, ...rest);
        if (typeof rest[0] === 'string') client.send('CLOSE', rest[0]);
        expect((await client.ask('alive', { limit: 0 })).closed).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  test('a frame over the limit closes only its own connection', async () => {
    const relay = await openRelay();
    const [loud, calm] = [await relay.connect(), await relay.connect()];
    loud.socket.send('x'.repeat(128 * 1024 + 1));
    expect((await once(loud.socket, 'close'))[0]).toBe(1009);
    expect(await calm.publish(relay.sign(alice))).toMatchObject({ ok: true });
  });

  test('bytes that are no WebSocket frame close only their own connection', async () => {
    const relay = await openRelay();
    const [broken, calm] = [await relay.connect(), await relay.connect()];
    // The client's raw socket, which has no public accessor.
    (broken.socket as unknown as { _socket: NodeJS.WritableStream })._socket.write(
      '\xff\xff\xff not a frame',
    );
    await broken.closed();
    expect(await calm.publish(relay.sign(alice))).toMatchObject({ ok: true });
  });
});

describe('subscriptions', () => {
  test('up to the limit; one more is refused, replacing one is allowed', async () => {
    const relay = await openRelay({ limits: { subscriptions: 2 } });
    const client = await relay.connect();
    await client.ask('a', { limit: 0 });
    await client.ask('b', { limit: 0 });
    expect((await client.ask('c', { limit: 0 })).closed).toMatch(/^rate-limited: /);
    expect((await client.ask('b', { limit: 0 })).closed).toBeUndefined();
    client.send('CLOSE', 'a');
    expect((await client.ask('c', { limit: 0 })).closed).toBeUndefined();
  });

  test.each([
    ['an id over 64 characters', 'x'.repeat(65), [{}]],
    ['no filter', 's', []],
    ['eleven filters', 's', Array.from({ length: 11 }, () => ({}))],
    ['a tag of several letters', 's', [{ '#app': ['ocmesh'] }]],
    ['a short key', 's', [{ authors: ['abc'] }]],
  ])('%s closes the subscription as invalid', async (_, id, filters) => {
    const relay = await openRelay();
    const client = await relay.connect();
    expect((await client.ask(id, ...filters)).closed).toMatch(/^invalid: /);
  });

  test('a refused REQ ends the subscription with the same id', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    await client.ask('s', { kinds: [1] });
    await client.ask('s', { kinds: ['one'] });
    expect(relay.stats().subscriptions).toBe(0);
  });
});

describe('slow and vanished clients', () => {
  const large = 'x'.repeat(60_000);

  test('stored events beyond any buffer reach a client that reads late', async () => {
    const relay = await openRelay({ limits: { sendAheadBytes: 100_000, bufferedBytes: 300_000 } });
    const [writer, reader] = [await relay.connect(), await relay.connect()];
    for (let i = 0; i < 120; i++) {
      await writer.publish(relay.sign(alice, { content: large, created_at: relay.nowSec() - i }));
    }
    reader.socket.pause();
    const stored = reader.ask('s', { kinds: [1] });
    // One is the writer's: when there are two, the relay has begun to send.
    do await writer.ask('barrier', { limit: 0 });
    while (relay.stats().subscriptions < 2);
    reader.socket.resume();
    expect((await stored).events).toHaveLength(120);
  });

  test('a client that does not read while others write is disconnected, the others are not', async () => {
    const relay = await openRelay({ limits: { bufferedBytes: 300_000 } });
    const [writer, sleeper] = [await relay.connect(), await relay.connect()];
    await sleeper.ask('s', { kinds: [20_001] });
    sleeper.socket.pause();
    let sent = 0;
    while (relay.stats().connections === 2 && sent++ < 1000) {
      await writer.publish(relay.sign(alice, { kind: 20_001, content: large, tags: [['n', `${sent}`]] }));
    }
    expect(relay.stats().connections).toBe(1);
    expect(relay.log.lines.map((line) => line.message)).toContain('cut a client that does not read');
  });

  test('a client that sends no pong is disconnected at the next ping; one that does stays', async () => {
    const relay = await openRelay();
    const dead = await relay.connect({ autoPong: false });
    const alive = await relay.connect();
    const pinged = [once(dead.socket, 'ping'), once(alive.socket, 'ping')];
    await relay.clock.advance(30_000);
    await Promise.all(pinged);
    // The pong was sent before this REQ, so it arrives before the response.
    await alive.ask('barrier', { limit: 0 });
    await relay.clock.advance(30_000);
    await dead.closed();
    expect(relay.stats().connections).toBe(1);
  });
});
