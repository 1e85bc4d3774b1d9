import { expect, test } from 'vitest';
import { openApi } from '../../../test/support/http-api.ts';

// In a file of its own: it takes the real eleven seconds, beside everything else.
test("a wait outlives the server's time-outs for slow requests", async () => {
  const api = await openApi({
    waitForMessages: () =>
      new Promise((resolve) =>
        setTimeout(() => resolve({ messages: [], cursor: '7', timed_out: true }), 11_000),
      ),
  });
  expect((await api.get('/messages/wait?timeout_s=11')).json).toEqual({
    messages: [],
    cursor: '7',
    timed_out: true,
  });
});
