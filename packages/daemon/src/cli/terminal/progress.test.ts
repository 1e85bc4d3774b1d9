import { expect, test } from 'vitest';
import { openCommandLineAt } from '../../../test/support/command-line.ts';
import { createSignal } from '../../../test/support/signal.ts';

/** A daemon that responds to `ocmesh identity` when the test says so. */
async function openSlowDaemon() {
  const [asked, response] = [createSignal(), createSignal()];
  const identity = { pubkey: 'a'.repeat(64), npub: 'npub1', name: null, features: [] };
  const line = await openCommandLineAt({
    async getIdentity() {
      asked.fire();
      await response.fired;
      return identity;
    },
  });
  return { ...line, asked: asked.fired, respond: response.fire };
}

test('a call of more than a second shows a spinner at a terminal', async () => {
  const { start, clock, asked, respond } = await openSlowDaemon();
  const command = start(['identity'], { columns: 80 });
  await asked;
  await clock.advance(999);
  expect(command.err()).toBe('');
  await clock.advance(1);
  await command.printed('Waiting for the daemon');
  respond();
  expect(await command.exited).toMatchObject({ code: 0 });
});

test('a pipe gets only the result', async () => {
  const { start, clock, asked, respond } = await openSlowDaemon();
  const command = start(['identity']);
  await asked;
  await clock.advance(5_000);
  respond();
  expect(await command.exited).toMatchObject({ err: '', code: 0 });
});
