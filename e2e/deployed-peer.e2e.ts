import { actor, startDeployedPeer, until, waitForMessages } from '@ocmesh/testkit';
import { describe, expect, it } from 'vitest';
import { createMesh } from './support/mesh.ts';

const cases = [
  { relay: 'open', args: ['--open-dms'], auth: false },
  { relay: 'gated (NIP-42)', args: [], auth: true },
] as const;

describe.each(cases)('an agent of the deployed mesh on an $relay relay', ({ args, auth }) => {
  it('v0.2.0: discovery, intro, messages, receipts and pings both ways', async () => {
    const mesh = createMesh();
    const relay = await mesh.startRelay(args);
    const peer = await startDeployedPeer({
      relayUrl: relay.url,
      actor: actor('carol'),
      version: '0.2.0',
      auth,
    });
    const alice = await mesh.startAgent('alice', [relay.url]);
    try {
      const hello = await peer.waitFor(({ type }) => type === 'intro');
      expect(JSON.parse(hello.plaintext)).toMatchObject({ type: 'intro', name: 'alice', from: alice.pubkey });
      const seen = await until(async () => {
        const { items } = await alice.api.listPeers({ online: true });
        return items.find(({ pubkey, handshake }) => pubkey === peer.pubkey && handshake === 'acknowledged');
      });
      expect(seen).toMatchObject({ version: '0.2.0', features: ['messaging'] });
      expect(peer.seen.has(alice.pubkey)).toBe(true);

      // Plain text: the deployed agent would show JSON.
      const sent = await alice.api.sendMessage({ to: peer.pubkey, content: 'hello carol' });
      const shown = await peer.waitFor(({ text }) => text === 'hello carol');
      expect(shown.plaintext).toBe('hello carol');
      expect(shown.eventId).toBe(sent.id);
      await until(async () => (await alice.api.getMessage({ id: sent.id })).delivery.state === 'read');

      await peer.sendText(alice.pubkey, 'hello alice');
      const [received] = (await waitForMessages(alice)).messages;
      expect(received).toMatchObject({ from: peer.pubkey, content: 'hello alice', type: 'text' });
      const receipt = await peer.waitFor(({ type }) => type === 'delivered');
      expect(JSON.parse(receipt.plaintext)).toMatchObject({ msgId: received?.id });

      await peer.send(alice.pubkey, JSON.stringify({ type: 'ping', ts: Date.now(), v: '0.2.0' }));
      await peer.waitFor(({ type }) => type === 'pong');
      expect((await alice.api.listMessages({})).items).toHaveLength(1);
    } finally {
      await peer.stop();
    }
  });

  it('v0.1.0: its own hello, and messages both ways', async () => {
    const mesh = createMesh();
    const relay = await mesh.startRelay(args);
    const alice = await mesh.startAgent('alice', [relay.url]);
    const peer = await startDeployedPeer({
      relayUrl: relay.url,
      actor: actor('dave'),
      version: '0.1.0',
      auth,
    });
    try {
      await peer.waitFor(({ type }) => type === 'ocmesh-hello');
      const sent = await alice.api.sendMessage({ to: peer.pubkey, content: 'hello dave' });
      await peer.waitFor(({ text }) => text === 'hello dave');
      await peer.sendText(alice.pubkey, 'hello alice');
      const { messages } = await waitForMessages(alice);
      expect(messages.map(({ content }) => content)).toEqual(['hello alice']);
      // It sends no receipts, so delivery ends at `published`.
      expect((await alice.api.getMessage({ id: sent.id })).delivery.state).toBe('published');
      expect(peer.received.filter(({ type }) => type === 'delivered')).toEqual([]);
    } finally {
      await peer.stop();
    }
  });
});
