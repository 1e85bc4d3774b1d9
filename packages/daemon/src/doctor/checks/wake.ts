import { dayMs } from '@ocmesh/shared/ambient';
import { listWatches } from '../../watch/watch-state.ts';
import { type Check, ok, skipped, warn } from '../check.ts';
import type { Environment } from '../probes/environment.ts';
import { configuredClients } from './clients.ts';

/** A hook starts a watcher each time the agent has finished, so none runs while the agent works. */
const RECENT_MS = dayMs;

type Deps = Pick<Environment, 'home' | 'machine' | 'workingFolder' | 'platform'>;

export const wakeCheck = (deps: Deps): Check => ({
  id: 'wake',
  what: 'Wake',
  why: 'An idle agent learns of a message only if something wakes it: MCP clients do not do so by themselves.',
  run() {
    const { home, machine } = deps;
    const watches = listWatches(home);
    if (watches.length === 0 && configuredClients(deps).length === 0)
      return skipped('No MCP client is configured for ocmesh.');
    const failing = watches.flatMap(({ name, failing }) =>
      failing
        ? [
            warn(
              `The command of the watcher ${name} ${failing.message}`,
              'Run the command by hand: it gets a line of text on its standard input.',
            ),
          ]
        : [],
    );
    if (failing.length > 0) return failing;
    const nowMs = machine.clock.now();
    const alive = watches.filter(
      ({ isRunning, startedAt }) => isRunning || nowMs - Date.parse(startedAt) < RECENT_MS,
    );
    if (alive.length > 0) return ok(`watched by ${alive.map(({ name }) => name).join(', ')}`);
    return warn(
      'Nothing watches the inbox: a message wakes nobody',
      'Let your agent’s client run `ocmesh watch`; `ocmesh help watch` explains how.',
    );
  },
});
