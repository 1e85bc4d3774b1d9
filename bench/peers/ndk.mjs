// NDK: giftWrap, giftUnwrap and a subscription.
import NDK, { giftUnwrap, giftWrap, NDKEvent, NDKPrivateKeySigner, NDKRelaySet } from '@nostr-dev-kit/ndk';
import { WebSocket } from 'ws';
import { runBot } from './bot.mjs';

Object.assign(globalThis, { WebSocket });
await runBot(async ({ relay, secret, other }) => {
  const signer = new NDKPrivateKeySigner(secret);
  const ndk = new NDK({ explicitRelayUrls: [relay], signer });
  await ndk.connect(5_000);
  const self = await signer.user();
  const recipient = ndk.getUser({ pubkey: other });
  const relays = NDKRelaySet.fromRelayUrls([relay], ndk);
  return {
    async send(text) {
      const rumor = new NDKEvent(ndk, {
        kind: 14,
        pubkey: self.pubkey,
        created_at: Math.floor(Date.now() / 1000),
        content: text,
        tags: [['p', other]],
      });
      const wrapped = await giftWrap(rumor, recipient, signer);
      await wrapped.publish(relays);
    },
    receive: (onText) =>
      new Promise((resolve) => {
        const found = ndk.subscribe({ kinds: [1059], '#p': [self.pubkey] }, { closeOnEose: false });
        found.on('event', async (event) => onText((await giftUnwrap(event, undefined, signer)).content));
        found.on('eose', () => resolve(undefined));
      }),
  };
});
