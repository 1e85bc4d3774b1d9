// rust-nostr: sendPrivateMsg, and notifications. Its documentation subscribes with limit 0, "to get only new events".
import {
  Client,
  Filter,
  Keys,
  Kind,
  KindStandard,
  loadWasmAsync,
  NostrSigner,
  PublicKey,
  SecretKey,
  UnwrappedGift,
} from '@rust-nostr/nostr-sdk';
import { WebSocket } from 'ws';
import { runBot } from './bot.mjs';

Object.assign(globalThis, { WebSocket });
await loadWasmAsync();
await runBot(async ({ relay, secret, other }) => {
  const keys = new Keys(SecretKey.parse(secret));
  // A signer is used up by a call.
  const signer = () => NostrSigner.keys(keys);
  const client = new Client(signer());
  await client.addRelay(relay);
  await client.connect();
  return {
    send: (text) => client.sendPrivateMsg(PublicKey.parse(other), text, []),
    async receive(onText) {
      const filter = new Filter().pubkey(keys.publicKey).kind(Kind.fromStd(KindStandard.GiftWrap)).limit(0);
      await client.subscribe(filter);
      void client.handleNotifications({
        handleEvent: async (
          /** @type {string} */ _relay,
          /** @type {string} */ _subscription,
          /** @type {import('@rust-nostr/nostr-sdk').Event} */ event,
        ) => {
          onText((await UnwrappedGift.fromGiftWrap(signer(), event)).rumor.content);
          return false;
        },
        handleMsg: async () => false,
      });
    },
  };
});
