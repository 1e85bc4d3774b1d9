import { pollUntil } from '@ocmesh/shared/ambient';
import type { Output } from '@ocmesh/shared/contract';
import type { Automation } from '../../clients/automation.ts';
import type { Recipe } from '../../clients/recipes.ts';
import { watchLimits } from '../../watch/limits.ts';
import { listWatches, type SeenWatch } from '../../watch/watch-state.ts';
import type { CommandContext } from '../terminal/context.ts';
import { CommandError } from '../terminal/failure.ts';

/** A hook starts its watcher when a turn is over, and a gateway restarts one that ended. */
const WATCHER_STARTS_MS = 5_000;
/** The watcher may be running a command for an earlier message, and is quiet after it. */
const ANNOUNCED_MS = (watchLimits.command.seconds + watchLimits.quietSeconds + 15) * 1000;
/** OpenClaw collects lines for 30 s as well, and its command takes seconds to answer. */
const RUN_MS = 60_000;
const LOOK_MS = 100;
const RUN_LOOK_MS = 2_000;

const relaysHint =
  '`ocmesh relays test` finds out what each relay does; `ocmesh relays add <url>` adds another one.';

/** Sends a message to ourselves and waits until it woke the client. Says how long it took, or throws why it did not. */
export async function testClientWake(
  context: CommandContext,
  recipe: Recipe,
  { isConnected, automation }: { readonly isConnected: boolean; readonly automation: Automation | null },
): Promise<void> {
  const { home, io, daemon, printer } = context;
  const { id, title, watcher, wake } = recipe;
  if (!watcher) {
    throw new CommandError(
      'no_wake',
      wake,
      'To be told of messages, let `ocmesh watch --exec` run a command of yours.',
    );
  }
  const seen = (): SeenWatch | undefined => listWatches(home).find(({ name }) => name === watcher.name);
  if (!isConnected && !seen()) {
    throw new CommandError(
      'not_connected',
      `${title} is not connected.`,
      `Run \`ocmesh connect ${id}\` first.`,
    );
  }
  const isRunning = await pollUntil(io.clock, { everyMs: LOOK_MS, forMs: WATCHER_STARTS_MS }, () =>
    seen()?.isRunning ? true : null,
  );
  if (!isRunning) {
    // Without a daemon, the watcher is not the problem.
    await daemon.api.getHealth({});
    throw new CommandError('no_watcher', `${title} does not run its watcher ${watcher.name}.`, watcher.start);
  }

  const before = seen()?.failing ?? null;
  const startedAt = io.clock.monotonic();
  const startedMs = io.clock.now();
  const sent = await daemon.api.testWake({ watcher: watcher.name });
  const back = mustBeBack(sent);
  const out = printer();
  out.note(
    `It came back from ${back.relay} after ${seconds(back.ms)}. Waiting for the watcher ${watcher.name} …`,
  );
  const announced = await pollUntil(io.clock, { everyMs: LOOK_MS, forMs: ANNOUNCED_MS }, () => {
    const watch = seen();
    const failing = watch?.failing ?? null;
    if (watch?.test !== sent.id && failing !== null && failing.at !== before?.at)
      throw commandFailed(watcher.name, failing.message);
    return watch?.test === sent.id ? true : null;
  });
  if (!announced) {
    throw new CommandError(
      'not_announced',
      `The watcher ${watcher.name} did not announce it within ${ANNOUNCED_MS / 1000} s.`,
      watcher.start,
    );
  }
  const toldMs = Math.round(io.clock.monotonic() - startedAt);
  const ranMs = automation ? await waitForRun(context, recipe, automation, startedMs) : null;
  out.result({ client: id, relay: back.relay, back_ms: back.ms, told_ms: toldMs, ran_ms: ranMs }, () =>
    [
      `${title} was told after ${seconds(toldMs)}: ${watcherTold(watcher.name, back)}.`,
      ...(ranMs === null ? [] : [`Its gateway ran the agent after ${seconds(ranMs)}.`]),
    ].join('\n'),
  );
}

const watcherTold = (name: string, { relay, ms }: { readonly relay: string; readonly ms: number }): string =>
  `the message came back from ${relay} after ${seconds(ms)}, and the watcher ${name} announced it`;

function mustBeBack({ relays, arrived }: Output<'testWake'>): {
  readonly relay: string;
  readonly ms: number;
} {
  if (arrived) return arrived;
  const open = relays.filter(({ outcome }) => outcome !== 'not_connected');
  if (open.length === 0) {
    throw new CommandError(
      'no_relay',
      'No relay is connected.',
      '`ocmesh relays` shows the error of each relay.',
    );
  }
  const took = open.filter(({ outcome }) => outcome === 'accepted');
  throw took.length === 0
    ? new CommandError('not_taken', `None of ${open.length} relays took the message.`, relaysHint)
    : new CommandError(
        'not_kept',
        `${took.length} of ${open.length} relays took the message, and none sent it back.`,
        relaysHint,
      );
}

const commandFailed = (name: string, message: string): CommandError =>
  new CommandError(
    'command_failed',
    `The command of the watcher ${name} ${message}`,
    'Correct what it says: the watcher tries a few times, and again with the next message.',
  );

/** @returns milliseconds until the client's gateway ran the agent; null if an automation is not how this client is woken here */
async function waitForRun(
  { io }: CommandContext,
  { id, title }: Recipe,
  automation: Automation,
  startedMs: number,
): Promise<number | null> {
  let last = await automation.lastRun();
  if (last === 'missing') return null;
  const ranAtMs = await pollUntil(io.clock, { everyMs: RUN_LOOK_MS, forMs: RUN_MS }, async () => {
    last = await automation.lastRun();
    return typeof last === 'object' && 'atMs' in last && last.atMs >= startedMs ? last.atMs : null;
  });
  if (ranAtMs !== null) return ranAtMs - startedMs;
  throw new CommandError(
    'not_run',
    typeof last === 'object' && 'problem' in last
      ? `${title} cannot say whether it ran its agent: ${last.problem}.`
      : `${title} did not run its agent within ${RUN_MS / 1000} s.`,
    `Look at \`openclaw automations list\`; \`ocmesh connect ${id}\` adds the automation again.`,
  );
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
