import { expect, test } from 'vitest';
import { openCommandLineAt } from '../../../test/support/command-line.ts';
import { createSignal } from '../../../test/support/signal.ts';

/** A daemon that takes its time for `ocmesh identity`. */
async function openSlowDaemon() {
  const [asked, answer] = [createSignal(), createSignal()];
  const identity = { pubkey: 'a'.repeat(64), npub: 'npub1', name: null, features: [] };
  const line = await openCommandLineAt({
    async getIdentity() {
      asked.fire();
      await answer.fired;
      return identity;
    },
  });
  return { ...line, asked: asked.fired, answer: answer.fire };
}

test('what takes longer than a second shows that it goes on, on a terminal', async () => {
  const { begin, clock, asked, answer } = await openSlowDaemon();
  const command = begin(['identity'], { columns: 80 });
  await asked;
  await clock.advance(999);
  expect(command.err()).toBe('');
  await clock.advance(1);
  await command.said('Waiting for the daemon');
  answer();
  expect(await command.over).toMatchObject({ code: 0 });
});

test('a pipe gets nothing but the answer', async () => {
  const { begin, clock, asked, answer } = await openSlowDaemon();
  const command = begin(['identity']);
  await asked;
  await clock.advance(5_000);
  answer();
  expect(await command.over).toMatchObject({ err: '', code: 0 });
});
