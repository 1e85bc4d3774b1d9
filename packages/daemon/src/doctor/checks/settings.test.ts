import { expect, test } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import { candidateRelays, type defaults, policyOf } from '../../config/schema.ts';
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

const look = (
  running: Partial<RunningSettings> | null,
  values: Partial<typeof defaults> = {},
  stored: Partial<StoreFacts> = {},
) =>
  settingsCheck({
    config: () => configOf(values),
    store: async () => ({ relayChoices: [], policy: {}, ...stored }) as unknown as StoreFacts,
    runningSettings: async () => running && { ...asConfigured, ...running },
  }).run();

const same = { state: 'ok', found: 'the daemon has those that are configured here' };
const differing = (what: string) => ({
  state: 'ok',
  found: `not as configured here: ${what}. The daemon has that from flags or an environment of its own, or from an earlier config.json`,
});

test('has nothing to say while no daemon runs', async () => {
  expect(await look(null)).toEqual([]);
});

test('a daemon that has what is configured here', async () => {
  expect(await look({})).toMatchObject(same);
  const values = { port: 1234, name: 'alice', api_auth: 'token', relays: ['ws://127.0.0.1:1'] } as const;
  const running = { url: 'http://127.0.0.1:1234', name: 'alice', needsToken: true, relays: values.relays };
  expect(await look(running, { ...values, relays: [...values.relays] })).toMatchObject(same);
});

test('names what it was started with otherwise', async () => {
  const running = {
    url: 'http://127.0.0.1:7500',
    name: 'alice',
    relays: ['ws://127.0.0.1:1', 'ws://127.0.0.1:2'],
    needsToken: true,
    policy: { ...asConfigured.policy, strangers: 'closed' as const },
  };
  expect(await look(running)).toMatchObject(
    differing(
      'port 7500, name “alice”, relays ws://127.0.0.1:1 ws://127.0.0.1:2, api_auth token, strangers closed',
    ),
  );
});

test('names what is configured here, but not there', async () => {
  expect(await look({}, { name: 'alice', relays: ['ws://127.0.0.1:1'], api_auth: 'token' })).toMatchObject(
    differing(`no name, relays ${asConfigured.relays.join(' ')}, api_auth none`),
  );
});

test('a daemon without relays is not one with the default ones', async () => {
  expect(await look({ relays: [] })).toMatchObject(differing('no relays'));
  const relayChoices = candidateRelays.map((url) => ({ url, wanted: false }));
  expect(await look({ relays: [] }, {}, { relayChoices })).toMatchObject(same);
});

test('any port will do where any is configured', async () => {
  expect(await look({ url: 'http://127.0.0.1:41234' }, { port: 0 })).toMatchObject(same);
});

test('a candidate that stands in for another is no setting, nor what the owner chose since', async () => {
  const own = 'ws://127.0.0.1:1';
  expect(await look({ relays: candidateRelays.slice(1, 6) })).toMatchObject(same);
  expect(
    await look(
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
