import { expect, test } from 'vitest';
import { openApi } from '../../../test/support/http-api.ts';

// In its own file: it takes eleven real seconds, and files run in parallel.
test("a wait and an event stream outlive the server's time-outs for slow requests", async () => {
  const api = await openApi({
    async *followEvents() {
      yield { id: 'ab:0', event: 'passed' };
      await new Promise((resolve) => setTimeout(resolve, 11_000));
      yield { id: 'ab:1', event: 'reset', data: { reason: 'too_old' } };
    },
    waitForMessages: () =>
      new Promise((resolve) =>
        setTimeout(() => resolve({ messages: [], cursor: '7', timed_out: true }), 11_000),
      ),
  });
  const stream = await api.follow('/events');
  expect((await api.get('/messages/wait?timeout_s=11')).json).toEqual({
    messages: [],
    cursor: '7',
    timed_out: true,
  });
  await stream.received('id: ab:1');
});
