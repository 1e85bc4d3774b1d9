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
        /** @type {{ timeout_s: number, after?: string }} */
        const next = { timeout_s: 0 };
        for (;;) {
          const { messages, cursor } = await api.waitForMessages(next);
          Object.assign(next, { timeout_s: 30, after: cursor });
          for (const { content } of messages) onText(content);
          if (messages.length > 0) void api.markRead({ ids: messages.map(({ id }) => id) });
        }
      })();
    },
  };
});
