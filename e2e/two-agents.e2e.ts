import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { until, waitForMessages } from '@ocmesh/testkit';
import { describe, expect, it } from 'vitest';
import { createMesh, startPair } from './support/mesh.ts';

describe('two agents on one relay', () => {
  it('find each other, shake hands, and talk both ways with receipts', async () => {
    const { relay, alice, bob } = await startPair();

    const question = await alice.api.sendMessage({ to: bob.npub, content: 'Was there an echo? 🐙' });
    const [received] = (await waitForMessages(bob)).messages;
    expect(received).toMatchObject({
      id: question.id,
      from: alice.pubkey,
      from_name: 'alice',
      content: 'Was there an echo? 🐙',
      read: false,
      type: 'text',
    });
    await bob.api.sendMessage({ to: alice.pubkey, content: 'No.', reply_to: question.id });
    const answer = await waitForMessages(alice, { reply_to: question.id });
    expect(answer.messages.map(({ content }) => content)).toEqual(['No.']);

    const stateOf = async () => (await alice.api.getMessage({ id: question.id })).delivery.state;
    await until(async () => (await stateOf()) === 'delivered');
    expect(await bob.api.markRead({ id: question.id })).toEqual({ marked: 1 });
    await until(async () => (await stateOf()) === 'read');
    const { delivery } = await alice.api.getMessage({ id: question.id });
    expect(delivery.relays).toMatchObject([{ url: relay.url, outcome: 'accepted' }]);
  });

  it('keep identity, peers and messages across a restart, and publish an offline presence', async () => {
    const { mesh, relay, alice, bob } = await startPair();
    await alice.api.sendMessage({ to: bob.pubkey, content: 'keep this' });
    await waitForMessages(bob);

    expect(await bob.stop()).toBe(0);
    await until(async () => !(await alice.api.getPeer({ pubkey: bob.pubkey })).online);
    const back = await mesh.startAgent('bob', [relay.url]);
    expect(back.pubkey).toBe(bob.pubkey);
    expect((await back.api.listMessages({})).items.map(({ content }) => content)).toEqual(['keep this']);
    await mesh.meet(alice, back);
    // Each key gets one hello: a restart sends no other.
    expect(back.output()).not.toContain('discovered peer');
  });

  it('deliver messages sent while the receiver was stopped, in order', async () => {
    const { mesh, relay, alice, bob } = await startPair();
    await bob.stop();

    const contents = Array.from({ length: 20 }, (_, i) => `while you were out ${i}`);
    for (const content of contents) await alice.api.sendMessage({ to: bob.pubkey, content });
    await until(async () => (await alice.api.getStatus({})).outbox.queued === 0);

    const back = await mesh.startAgent('bob', [relay.url]);
    await until(async () => (await back.api.getStatus({})).unread_count === contents.length);
    const { items } = await back.api.listMessages({ unread: true });
    expect(items.map(({ content }) => content)).toEqual(contents);
  });

  it('queue without a relay, report that they are degraded, and deliver once it is up', async () => {
    const { mesh, relay, alice, bob } = await startPair();
    const { port } = new URL(relay.url);
    await relay.stop();

    const sent = await alice.api.sendMessage({ to: bob.pubkey, content: 'later' });
    expect(sent.state).toBe('queued');
    await until(async () => (await alice.api.getStatus({})).degraded);
    expect((await fetch(`${alice.url}/status`)).status).toBe(503);
    expect((await alice.api.getStatus({})).reasons.map(({ code }) => code)).toEqual(['no_relay']);

    await mesh.startRelay(['--port', port]);
    const { messages } = await waitForMessages(bob, { from: alice.pubkey });
    expect(messages.map(({ content }) => content)).toEqual(['later']);
    expect((await fetch(`${alice.url}/status`)).status).toBe(200);
  });

  it('make every file readable by the owner only', async () => {
    const mesh = createMesh();
    const relay = await mesh.startRelay();
    const alice = await mesh.startAgent('alice', [relay.url]);
    const files = readdirSync(alice.home);
    expect(files).toEqual(
      expect.arrayContaining([
        'daemon.json',
        'keystore.json',
        'ocmesh.db',
        'ocmesh.key',
        'ocmesh.log',
        'token',
      ]),
    );
    const open = [alice.home, ...files.map((file) => join(alice.home, file))].filter(
      (path) => (statSync(path).mode & 0o077) !== 0,
    );
    expect(open).toEqual([]);
  });
});
