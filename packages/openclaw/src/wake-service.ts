import { existsSync } from 'node:fs';
import { agentAccess, createClient, type DaemonAccess, followEvents } from '@ocmesh/client';
import { type Clock, pauseUnlessAborted, type Random } from '@ocmesh/shared/ambient';
import { homeFiles } from '../../daemon/src/adapters/system/home.ts';
import { followChanges } from '../../daemon/src/watch/follow-changes.ts';
import { watchLimits } from '../../daemon/src/watch/limits.ts';
import type { Line } from '../../daemon/src/watch/lines.ts';
import { createRetryingAnnouncer } from '../../daemon/src/watch/retrying-announcer.ts';
import { claimWatch } from '../../daemon/src/watch/watch-state.ts';
import { createWatcher } from '../../daemon/src/watch/watcher.ts';
import type { Logger, PluginApi } from './host.ts';

/** As in `ocmesh connect openclaw`: only one of the two announces. */
const WATCHER = 'openclaw';
/** Pause before it is looked again whether ocmesh is installed. */
const INSTALLED_MS = 30_000;
const QUIET_MS = watchLimits.quietSeconds * 1000;
/** How long a turn may take until it counts as started well: its own time-out is the host's. */
const STARTED_MS = watchLimits.command.seconds * 1000;

/** Of the id of a message, in the name of its session. */
const SESSION_DIGITS = 12;

export interface WakeDeps {
  readonly subagent: PluginApi['runtime']['subagent'];
  readonly clock: Clock;
  readonly random: Random;
  /** Folder of the agent. */
  readonly home: string;
  readonly access: DaemonAccess;
  /** The agent that is woken. */
  readonly agent: string;
  /** What the agent is told after the line. */
  readonly instruction: string;
}

/** The watcher as a service of OpenClaw's gateway: each announcement starts a turn of the agent. */
export function createWakeService(deps: WakeDeps) {
  let end = async (): Promise<void> => {};
  return {
    id: 'ocmesh-wake',
    // The gateway waits for it: what goes on is left running.
    async start({ logger }: { readonly logger: Logger }): Promise<void> {
      const over = new AbortController();
      const running = run(deps, logger, over.signal).catch((error) =>
        logger.warn(`ocmesh: ${error.message}`),
      );
      end = async () => {
        over.abort();
        await running;
      };
    },
    stop: () => end(),
  };
}

async function run(deps: WakeDeps, logger: Logger, over: AbortSignal): Promise<void> {
  const { clock, random, home, access } = deps;
  if (!existsSync(home)) logger.info('ocmesh: not installed yet, the skill ocmesh says how');
  while (!existsSync(home) && !over.aborted) await pauseUnlessAborted(clock, INSTALLED_MS, over);
  if (over.aborted) return;
  const replaced = new AbortController();
  const stop = (): void => replaced.abort();
  over.addEventListener('abort', stop);
  const { signal } = replaced;
  const state = claimWatch(homeFiles(home), WATCHER, { random, clock });
  const notice = (problem: string): void => logger.warn(`ocmesh: starting a turn ${problem}`);
  const announce = createRetryingAnnouncer((line) => startTurn(deps, line, signal), {
    clock,
    state,
    signal,
    notice,
  });
  const watcher = createWatcher(
    {
      api: createClient(access),
      clock,
      state,
      // A paused conversation is for the owner.
      announce: async (line) => line.kind === 'paused' || announce(line),
      onEnd(error) {
        if (error !== null) logger.warn(`ocmesh: ${(error as Error).message}`);
        else logger.warn(`ocmesh: another watcher named ${WATCHER} has started, this one ends`);
        stop();
      },
    },
    { name: WATCHER, senders: 'contacts', requests: false, quietMs: QUIET_MS },
  );
  try {
    await followChanges({
      follow: (input, signal, onOpen) => followEvents(input, { ...access, signal, onOpen }),
      clock,
      signal,
      onChange: watcher.onChange,
      onDaemon: (change) => logger.info(`ocmesh: the daemon is ${change}`),
    });
  } finally {
    over.removeEventListener('abort', stop);
    await watcher.stop();
  }
}

/** Runs the agent in a session of its own, with the line as its prompt. @returns null, or what went wrong */
async function startTurn(
  { subagent, agent, instruction }: WakeDeps,
  { text, ids }: Line,
  signal: AbortSignal,
): Promise<string | null> {
  const [id] = ids;
  const params = {
    // A session of its own for each: one for all would cost more with every message.
    sessionKey: `agent:${agent}:subagent:ocmesh-${id?.slice(0, SESSION_DIGITS) ?? 'message'}`,
    message: `${text}\n\n${instruction}`,
    ...(id && { idempotencyKey: `ocmesh-${id}` }),
  };
  try {
    // Without a chat channel there is nobody to deliver to, and the host refuses to.
    const delivered = subagent.run({ ...params, deliver: true });
    const { runId } = await delivered.catch(() => subagent.run({ ...params, deliver: false }));
    // A gateway that stops does not wait for the turn, which it accepted.
    const stopped = new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null)));
    const ended = await Promise.race([subagent.waitForRun({ runId, timeoutMs: STARTED_MS }), stopped]);
    return ended?.status === 'error' ? `failed: ${ended.error ?? 'without a reason'}` : null;
  } catch (error) {
    return `failed: ${(error as Error).message}`;
  }
}

export const accessOf = (env: Readonly<Record<string, string | undefined>>): DaemonAccess =>
  agentAccess({ env });
