import { type Command, InvalidArgumentError, Option } from 'commander';
import { createSystemRandom } from '../../adapters/system/random.ts';
import { followChanges } from '../../watch/follow-changes.ts';
import { watchLimits } from '../../watch/limits.ts';
import type { Line } from '../../watch/lines.ts';
import type { Senders } from '../../watch/read-news.ts';
import { createCommandAnnouncer } from '../../watch/run-command.ts';
import { claimWatch } from '../../watch/watch-state.ts';
import { createWatcher } from '../../watch/watcher.ts';
import { type CommandContext, example } from '../terminal/context.ts';
import { CommandError, usageHint } from '../terminal/failure.ts';
import type { Io } from '../terminal/io.ts';
import { parseSeconds } from '../terminal/number-options.ts';

interface WatchFlags {
  readonly once?: boolean;
  readonly exec?: boolean;
  readonly from: Senders;
  readonly name: string;
  readonly every: string;
}

/** Claude Code and others wake the agent when a hook ends with it, and show what it wrote to standard error. */
const WAKE = 2;

export function addWatchCommand(program: Command, context: CommandContext): void {
  program
    .command('watch')
    .description(
      'Print a line when a message waits for your agent, to wake it. Prints no word that a peer wrote.',
    )
    .argument('[command...]', 'with --exec: the command and its arguments')
    .option(
      '--once',
      'wait for a message, write its line to standard error and exit with 2, as hooks of agents expect',
    )
    .option('--exec', 'run the command that follows for each line, with the line on its standard input')
    .addOption(
      new Option('--from <senders>', 'contacts, which includes peers your agent wrote to, or all')
        .choices(['contacts', 'all'])
        .default('contacts'),
    )
    .option('--name <name>', 'each name announces each message once, over restarts', watchName, 'default')
    .option(
      '--every <seconds>',
      'the first message at once, then at most one line in this time',
      `${watchLimits.quietSeconds}`,
    )
    .addHelpText('after', example('ocmesh watch --exec notify-send "New message"'))
    .action((command: string[], flags: WatchFlags) => watch(context, command, flags));
}

/** Everything behind `--exec` belongs to the command, also what looks like an option of ours. */
export function separateExec(argv: readonly string[]): readonly string[] {
  const at = argv[2] === 'watch' ? argv.indexOf('--exec') : -1;
  const isSeparate = at === -1 || argv.slice(0, at + 2).includes('--');
  return isSeparate ? argv : [...argv.slice(0, at + 1), '--', ...argv.slice(at + 1)];
}

/** Whether what was written has a reader: a client that is gone must not count as told. */
const isTaken = (stream: Pick<Io['stdout'], 'write'>): Promise<boolean> =>
  new Promise((resolve) => stream.write('', (error) => resolve(!error)));

function watchName(text: string): string {
  if (text.length <= watchLimits.nameChars && /^[a-z0-9][a-z0-9-]*$/.test(text)) return text;
  throw new InvalidArgumentError(
    `Use up to ${watchLimits.nameChars} lower-case letters, digits and hyphens.`,
  );
}

async function watch(
  { io, home, daemon, printer }: CommandContext,
  words: readonly string[],
  { once = false, exec = false, from, name, every }: WatchFlags,
): Promise<void> {
  const [program, ...args] = words;
  if (exec !== (program !== undefined)) {
    throw new CommandError(
      'invalid_request',
      exec ? 'The command that --exec runs is missing.' : `Nothing runs ${program}: --exec is missing.`,
      usageHint,
    );
  }
  const quietMs = parseSeconds('--every', every, watchLimits.quietSeconds) * 1000;
  const out = printer();
  const over = new AbortController();
  const stop = (): void => over.abort();
  const state = claimWatch(home, name, { random: createSystemRandom(), clock: io.clock });
  const announcer =
    program === undefined
      ? null
      : createCommandAnnouncer([program, ...args], {
          clock: io.clock,
          env: io.env,
          state,
          signal: over.signal,
          notice: out.note,
        });

  async function announce(line: Line): Promise<boolean> {
    // One line wakes the agent; the others are for the next time.
    if (over.signal.aborted) return false;
    if (announcer && !(await announcer(line))) return false;
    if (!once && !announcer) out.item(line, () => line.text);
    if (once && !announcer) io.stderr.write(`${line.text}\n`);
    if (!announcer && !(await isTaken(once ? io.stderr : io.stdout))) return false;
    if (once) stop();
    return true;
  }

  let failure: unknown = null;
  const watcher = createWatcher(
    {
      api: daemon.api,
      clock: io.clock,
      state,
      announce,
      onAnnounced() {
        // A client that kills the hook from now on does not learn that it announced something.
        if (once && !announcer) io.exitNow(WAKE);
      },
      onEnd(error) {
        failure = error;
        if (error === null && !once) out.note(`Another watcher named ${name} has started: this one ends.`);
        stop();
      },
    },
    // Strangers must not wake the agent, and only its owner can answer a request.
    { name, senders: from, requests: !once || from === 'all', quietMs },
  );
  const release = io.onInterrupt(stop);
  try {
    await followChanges({
      follow: daemon.follow,
      clock: io.clock,
      signal: over.signal,
      onChange: watcher.onChange,
      onDaemon(change) {
        // A hook shows the agent what is written there.
        if (!once)
          out.note(change === 'away' ? 'The daemon is away; waiting for it.' : 'The daemon is back.');
      },
    });
  } finally {
    release();
    stop();
    await watcher.stop();
  }
  if (failure !== null) throw failure;
}
