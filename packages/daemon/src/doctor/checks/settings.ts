import type { Policy } from '@ocmesh/shared/contract';
import { candidateRelays } from '../../config/candidate-relays.ts';
import { type Config, policyOf } from '../../config/schema.ts';
import { applyChoices, type RelayChoice } from '../../core/relays/choose-relays.ts';
import { type Check, ok } from '../check.ts';
import { inQuotes } from '../format.ts';
import type { Facts, StoreFacts } from '../probes/facts.ts';
import type { RunningSettings } from '../probes/running-daemon.ts';

export const settingsCheck = (facts: Pick<Facts, 'config' | 'store' | 'runningSettings'>): Check => ({
  id: 'settings',
  what: 'Settings',
  why: 'A daemon keeps the settings it was started with, even if the configuration changes.',
  needs: ['config', 'store', 'daemon'],
  async run() {
    const running = await facts.runningSettings();
    if (!running) return [];
    const different = differences(running, facts.config().values, await facts.store());
    return ok(
      different.length === 0
        ? 'the daemon uses what is configured here'
        : `not as configured here: ${different.join(', ')}. The daemon has this from flags, its own environment, or an earlier config.json`,
    );
  },
});

/** Compares the settings that a daemon reveals. */
function differences(running: RunningSettings, config: Config, store: StoreFacts | null): string[] {
  const port = Number(new URL(running.url).port);
  const auth = running.needsToken ? 'token' : 'none';
  const policy: Policy = { ...policyOf(config), ...store?.policy };
  return [
    ...(config.port === 0 || config.port === port ? [] : [`port ${port}`]),
    ...(config.name === running.name
      ? []
      : [running.name === null ? 'no name' : `name ${inQuotes(running.name)}`]),
    ...(isExpected(running.relays, config.relays, store?.relayChoices ?? [])
      ? []
      : [running.relays.length === 0 ? 'no relays' : `relays ${running.relays.join(' ')}`]),
    ...(config.api_auth === auth ? [] : [`api_auth ${auth}`]),
    ...(Object.keys(policy) as (keyof Policy)[])
      .filter((rule) => policy[rule] !== running.policy[rule])
      .map((rule) => `${rule} ${running.policy[rule]}`),
  ];
}

/** Any of the candidates may be in use, because the next one replaces one that fails. */
function isExpected(
  urls: readonly string[],
  named: readonly string[] | null,
  choices: readonly RelayChoice[],
): boolean {
  const { pool, added } = applyChoices({ named, candidates: candidateRelays }, choices);
  const possible = [...pool, ...added];
  const isComplete =
    named === null ? urls.length > 0 || possible.length === 0 : possible.every((url) => urls.includes(url));
  return isComplete && urls.every((url) => possible.includes(url));
}
