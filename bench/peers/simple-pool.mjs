// nostr-tools: SimplePool and its NIP-17.
import * as nip17 from 'nostr-tools/nip17';
import { SimplePool, useWebSocketImplementation } from 'nostr-tools/pool';
import { getPublicKey } from 'nostr-tools/pure';
import { hexToBytes } from 'nostr-tools/utils';
import { WebSocket } from 'ws';
import { runBot } from './bot.mjs';

useWebSocketImplementation(WebSocket);
await runBot(async ({ relay, secret, other }) => {
  const key = hexToBytes(secret);
  const pool = new SimplePool({ enablePing: true, enableReconnect: true });
  return {
    send: (text) => Promise.any(pool.publish([relay], nip17.wrapEvent(key, { publicKey: other }, text))),
    receive: (onText) =>
      new Promise((resolve) => {
        pool.subscribe(
          [relay],
          { kinds: [1059], '#p': [getPublicKey(key)] },
          {
            onevent: (event) => onText(nip17.unwrapEvent(event, key).content),
            oneose: () => resolve(undefined),
          },
        );
      }),
  };
});
