import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeClock, createSeededRandom } from '@ocmesh/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { homeFiles } from '../../adapters/system/home.ts';
import { claimWatch } from '../../watch/watch-state.ts';
import { wakeCheck } from './wake.ts';

const DAY = 86_400_000;

function openHome({ client }: { readonly client: boolean }) {
  const place = mkdtempSync(join(tmpdir(), 'ocmesh-wake-'));
  onTestFinished(() => rmSync(place, { recursive: true }));
  const home = homeFiles(join(place, 'home'));
  mkdirSync(join(place, '.cursor'));
  mkdirSync(home.path);
  const server = { command: process.execPath, args: ['ocmesh-mcp.mjs'] };
  if (client)
    writeFileSync(join(place, '.cursor/mcp.json'), JSON.stringify({ mcpServers: { ocmesh: server } }));
  const clock = createFakeClock();
  const claim = (name: string) => claimWatch(home, name, { random: createSeededRandom(1), clock });
  const check = wakeCheck({
    home,
    machine: {
      run: async () => ({ code: 127, stdout: '', stderr: '' }),
      clock,
      env: { PATH: '' },
      userHome: place,
      uid: 501,
    },
    workingFolder: place,
    platform: 'linux',
  });
  return { home, clock, claim, find: async () => [await check.run()].flat() };
}

test('warns that nothing wakes the agent of a client, unless a watcher runs or ran within a day', async () => {
  const { claim, clock, find, home } = openHome({ client: true });
  expect(await find()).toMatchObject([{ state: 'warn', found: expect.stringContaining('wakes nobody') }]);
  claim('cursor');
  expect(await find()).toMatchObject([{ state: 'ok', found: 'watched by cursor' }]);
  // Its process is gone.
  const path = join(home.path, 'watch/cursor.json');
  writeFileSync(
    path,
    JSON.stringify({
      owner: 'x',
      announced: {},
      startedAt: new Date(clock.now()),
      process: { pid: 1, started: '0', boot: null },
    }),
  );
  await clock.advance(DAY - 1);
  expect(await find()).toMatchObject([{ state: 'ok' }]);
  await clock.advance(1);
  expect(await find()).toMatchObject([{ state: 'warn' }]);
});

test('names a command that fails', async () => {
  const { claim, find } = openHome({ client: false });
  claim('phone').saveFailing({ at: '2026-01-01T00:00:00.000Z', tries: 5, message: 'ended with 3' });
  expect(await find()).toMatchObject([
    { state: 'warn', found: 'The command of the watcher phone ended with 3' },
  ]);
});

test('is skipped where no client is configured', async () => {
  expect(await openHome({ client: false }).find()).toMatchObject([{ state: 'skipped' }]);
});
