import { type RunningAgent, until } from '@ocmesh/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { startIndependentRelay } from './support/independent-relay.ts';
import { createMesh } from './support/mesh.ts';
import { startRustClient, stopRustClients } from './support/rust-client.ts';

// The other side is rust-nostr, on our relay and on an independent one, so that our code is not tested against itself.

const relays = ['the embedded relay', '@nostr-relay'] as const;
type RelayName = (typeof relays)[number];

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await stopRustClients();
  for (const stop of stops.splice(0)) await stop();
});

async function start(relayName: RelayName) {
  const mesh = createMesh();
  const relay =
    relayName === '@nostr-relay' ? await startIndependentRelay() : await mesh.startRelay(['--open-dms']);
  if ('close' in relay) stops.push(relay.close);
  const alice = await mesh.startAgent('alice', [relay.url]);
  return { mesh, relay, alice, rust: await startRustClient(relay.url) };
}

const received = async (agent: RunningAgent, content: string) =>
  until(async () => (await agent.api.listMessages({})).items.find((message) => message.content === content));

/** Texts beyond ASCII; one spans several cipher blocks. */
const texts = ['Žluťoučký 🐙?', `${'漢字 '.repeat(500)}\nend`];

describe.each(relays)('rust-nostr through %s', (relayName) => {
  it('is discovered by its presence, greeted, and talks both ways in NIP-04', async () => {
    const { alice, rust } = await start(relayName);
    await rust.announce('0.9.9', ['messaging']);

    const hello = await rust.waitFor(({ text }) => text.includes('"intro"'));
    expect(hello).toMatchObject({ sealed: 'NIP-04', from: alice.pubkey });
    expect(JSON.parse(hello.text)).toMatchObject({ type: 'intro', name: 'alice', from: alice.pubkey });
    const { version, features, online } = await alice.api.getPeer({ pubkey: rust.pubkey });
    expect({ version, features, online }).toEqual({
      version: '0.9.9',
      features: ['messaging'],
      online: true,
    });

    for (const text of texts) {
      const sent = await alice.api.sendMessage({ to: rust.pubkey, content: text });
      const shown = await rust.waitFor((message) => message.text === text);
      expect(shown).toMatchObject({
        sealed: 'NIP-04',
        from: alice.pubkey,
        outer: { id: sent.id, tags: [['p', rust.pubkey]] },
      });

      await rust.sendNip04(alice.pubkey, `${text}!`);
      expect(await received(alice, `${text}!`)).toMatchObject({
        from: rust.pubkey,
        type: 'text',
        read: false,
      });
    }
    expect((await alice.api.getPeer({ pubkey: rust.pubkey })).handshake).toBe('acknowledged');
  });

  it('sends a first message in NIP-04', async () => {
    const { alice, rust } = await start(relayName);
    await rust.sendNip04(alice.pubkey, 'Who are you?');
    expect(await received(alice, 'Who are you?')).toMatchObject({ from: rust.pubkey });
    await alice.api.sendMessage({ to: rust.pubkey, content: 'alice' });
    await rust.waitFor(({ text }) => text === 'alice');
  });
});

describe.each(relays)('rust-nostr through %s, in NIP-17', (relayName) => {
  it('exchanges gift wraps with us once it announces nip17', async () => {
    const { alice, rust } = await start(relayName);
    await rust.announce('0.9.9', ['messaging', 'nip17']);
    await rust.waitFor(({ text }) => text.includes('"intro"'));

    for (const text of texts) {
      await alice.api.sendMessage({ to: rust.pubkey, content: text });
      const shown = await rust.waitFor((message) => message.text === text);
      expect(shown).toMatchObject({
        sealed: 'NIP-17',
        from: alice.pubkey,
        outer: { tags: [['p', rust.pubkey]] },
        rumor: { kind: 14, pubkey: alice.pubkey, tags: expect.arrayContaining([['p', rust.pubkey]]) },
      });
      // The wrap does not show the sender.
      expect(shown.outer.pubkey).not.toBe(alice.pubkey);

      await rust.sendNip17(alice.pubkey, `${text}!`);
      expect(await received(alice, `${text}!`)).toMatchObject({
        from: rust.pubkey,
        type: 'text',
        read: false,
      });
    }
    expect(rust.received.filter(({ sealed, text }) => sealed === 'NIP-04' && texts.includes(text))).toEqual(
      [],
    );
  });

  it('a first message in NIP-17 reaches the inbox, and the reply uses NIP-17', async () => {
    const { alice, rust } = await start(relayName);
    await rust.sendNip17(alice.pubkey, 'Who are you?');
    const message = await received(alice, 'Who are you?');
    expect(message).toMatchObject({ from: rust.pubkey, from_name: null, type: 'text', read: false });
    expect(await alice.api.listMessages({})).toMatchObject({ items: [{ id: message.id }] });
    // A client that sends gift wraps may read nothing else.
    await alice.api.sendMessage({ to: rust.pubkey, content: 'alice' });
    expect(await rust.waitFor(({ text }) => text === 'alice')).toMatchObject({ sealed: 'NIP-17' });
  });

  it('messages it sent while the agent was stopped arrive at the next start', async () => {
    const { mesh, relay, alice, rust } = await start(relayName);
    await alice.stop();
    // Each wrap is dated at random, up to two days back.
    const contents = ['one', 'two', 'three', 'four', 'five'];
    for (const content of contents) await rust.sendNip17(alice.pubkey, content);

    const back = await mesh.startAgent('alice', [relay.url]);
    await until(async () => (await back.api.getStatus({})).unread_count === contents.length);
    const { items } = await back.api.listMessages({});
    expect(items.map(({ content }) => content).sort()).toEqual([...contents].sort());
  });
});
