// An agent of ocmesh: POST /send, and GET /messages/wait with POST /messages/read. Here the relay is a daemon's URL.
import { createClient, loopbackFetch } from '@ocmesh/client';
import { runBot } from './bot.mjs';

await runBot(async ({ relay: daemon, other }) => {
  const api = createClient({
    baseUrl: () => daemon,
    fetch: loopbackFetch,
    token: () => null,
    asOwner: false,
  });
  return {
    send: (text) => api.sendMessage({ to: other, content: text }),
    async receive(onText) {
      void (async () => {
        for (;;) {
          const { messages } = await api.waitForMessages({ timeout_s: 30 });
          if (messages.length === 0) continue;
          for (const { content } of messages) onText(content);
          await api.markRead({ ids: messages.map(({ id }) => id) });
        }
      })();
    },
  };
});
