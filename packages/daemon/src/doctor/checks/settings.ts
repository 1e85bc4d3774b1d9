import type { Policy } from '@ocmesh/shared/contract';
import { type Config, candidateRelays, policyOf } from '../../config/schema.ts';
import { applyChoices, type RelayChoice } from '../../core/relays/choose-relays.ts';
import { type Check, ok } from '../check.ts';
import { inQuotes } from '../format.ts';
import type { Facts, StoreFacts } from '../probes/facts.ts';
import type { RunningSettings } from '../probes/running-daemon.ts';

export const settingsCheck = (facts: Pick<Facts, 'config' | 'store' | 'runningSettings'>): Check => ({
  id: 'settings',
  what: 'Settings',
  why: 'A daemon keeps those that it was started with, whatever is configured later or elsewhere.',
  needs: ['config', 'store', 'daemon'],
  async run() {
    const running = await facts.runningSettings();
    if (!running) return [];
    const others = differences(running, facts.config().values, await facts.store());
    return ok(
      others.length === 0
        ? 'the daemon has those that are configured here'
        : `not as configured here: ${others.join(', ')}. The daemon has that from flags or an environment of its own, or from an earlier config.json`,
    );
  },
});

/** As far as a daemon shows them. */
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

/** Of the candidates any may be in use: the next one stands in for one that fails. */
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
