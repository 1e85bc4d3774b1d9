import { expect, test } from 'vitest';
import { candidateRelays } from '../../config/candidate-relays.ts';
import { loadConfig } from '../../config/load.ts';
import { type defaults, policyOf } from '../../config/schema.ts';
import type { StoreFacts } from '../probes/facts.ts';
import type { RunningSettings } from '../probes/running-daemon.ts';
import { settingsCheck } from './settings.ts';

const configOf = (values: Partial<typeof defaults>) => loadConfig('/no/config.json', {}, values);

const asConfigured: RunningSettings = {
  url: 'http://127.0.0.1:7432',
  name: null,
  relays: candidateRelays.slice(0, 5),
  policy: policyOf(configOf({}).values),
  needsToken: false,
};

const run = (
  running: Partial<RunningSettings> | null,
  values: Partial<typeof defaults> = {},
  stored: Partial<StoreFacts> = {},
) =>
  settingsCheck({
    config: () => configOf(values),
    store: async () => ({ relayChoices: [], policy: {}, ...stored }) as unknown as StoreFacts,
    runningSettings: async () => running && { ...asConfigured, ...running },
  }).run();

const same = { state: 'ok', found: 'the daemon uses what is configured here' };
const differing = (what: string) => ({
  state: 'ok',
  found: `not as configured here: ${what}. The daemon has this from flags, its own environment, or an earlier config.json`,
});

test('reports nothing while no daemon is running', async () => {
  expect(await run(null)).toEqual([]);
});

test('accepts a daemon that has what is configured here', async () => {
  expect(await run({})).toMatchObject(same);
  const values = { port: 1234, name: 'alice', api_auth: 'token', relays: ['ws://127.0.0.1:1'] } as const;
  const running = { url: 'http://127.0.0.1:1234', name: 'alice', needsToken: true, relays: values.relays };
  expect(await run(running, { ...values, relays: [...values.relays] })).toMatchObject(same);
});

test('names settings that only the daemon has', async () => {
  const running = {
    url: 'http://127.0.0.1:7500',
    name: 'alice',
    relays: ['ws://127.0.0.1:1', 'ws://127.0.0.1:2'],
    needsToken: true,
    policy: { ...asConfigured.policy, strangers: 'closed' as const },
  };
  expect(await run(running)).toMatchObject(
    differing(
      'port 7500, name “alice”, relays ws://127.0.0.1:1 ws://127.0.0.1:2, api_auth token, strangers closed',
    ),
  );
});

test('names settings that only the configuration has', async () => {
  expect(await run({}, { name: 'alice', relays: ['ws://127.0.0.1:1'], api_auth: 'token' })).toMatchObject(
    differing(`no name, relays ${asConfigured.relays.join(' ')}, api_auth none`),
  );
});

test('distinguishes a daemon without relays from one with the default ones', async () => {
  expect(await run({ relays: [] })).toMatchObject(differing('no relays'));
  const relayChoices = candidateRelays.map((url) => ({ url, wanted: false }));
  expect(await run({ relays: [] }, {}, { relayChoices })).toMatchObject(same);
});

test('accepts any port if any is configured', async () => {
  expect(await run({ url: 'http://127.0.0.1:41234' }, { port: 0 })).toMatchObject(same);
});

test('accepts other candidates, and what the owner chose since the start', async () => {
  const own = 'ws://127.0.0.1:1';
  expect(await run({ relays: candidateRelays.slice(1, 6) })).toMatchObject(same);
  expect(
    await run(
      { relays: [own], policy: { ...asConfigured.policy, strangers: 'ask' } },
      { relays: ['ws://127.0.0.1:2'] },
      {
        policy: { strangers: 'ask' },
        relayChoices: [
          { url: own, wanted: true },
          { url: 'ws://127.0.0.1:2', wanted: false },
        ],
      },
    ),
  ).toMatchObject(same);
});
