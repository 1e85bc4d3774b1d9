import { createInterface } from 'node:readline';
import { limits } from '@ocmesh/shared/contract';
import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { wholeNumber } from '../terminal/number-options.ts';
import { peerLabel } from '../terminal/peer-label.ts';
import { resolvePeer } from '../terminal/resolve-peer.ts';
import { createChatSession } from './chat-session.ts';
import { chatPrompt, createTerminalView, marksLegend } from './chat-terminal.ts';
import { createJsonView, createPlainView } from './chat-view.ts';

interface ChatFlags {
  readonly history: number;
  readonly keepUnread?: boolean;
}

const DEFAULT_HISTORY = 10;
/** Commands of other chats to leave or get help, which the peer should not receive. A second slash sends them. */
const FOREIGN_COMMAND = /^(\/?)(\/(?:quit|exit|leave|bye|q|help|h|\?))\s*$/i;

export function addChatCommand(program: Command, context: CommandContext): void {
  program
    .command('chat')
    .description('Chat with a peer: each line you type is a message. Ctrl-C leaves.')
    .argument('<peer>', 'name, key, or beginning of a key')
    .option(
      '-n, --history <number>',
      'number of earlier messages to show',
      wholeNumber(0, limits.http.pageRows),
      DEFAULT_HISTORY,
    )
    .option('--keep-unread', 'do not mark incoming messages as read, so that the agent still sees them')
    .addHelpText('after', example('ocmesh chat bob'))
    .action((peer: string, flags: ChatFlags) => chat(context, peer, flags));
}

async function chat(
  { io, daemon, printer, paint }: CommandContext,
  name: string,
  { history, keepUnread = false }: ChatFlags,
): Promise<void> {
  const pubkey = await resolvePeer({ io, api: daemon.api }, name, {
    prefer: ({ trust }) => trust !== 'blocked',
  });
  const peer = await daemon.api.getPeer({ pubkey });
  const out = printer();
  const label = peerLabel(peer);
  const look = { label, now: io.clock.now, paint };
  const onTerminal = Boolean(io.stdin.isTTY && io.stdout.isTTY) && !out.json;
  const terminal = createInterface({
    input: io.stdin,
    ...(onTerminal ? { output: io.stdout, terminal: true, prompt: chatPrompt } : { terminal: false }),
  });
  const screen = onTerminal ? createTerminalView(terminal, io.stdout, look) : null;
  const view =
    screen ??
    (out.json
      ? createJsonView(out, pubkey)
      : createPlainView((text) => void io.stdout.write(`${text}\n`), look));

  out.note(paint('dim', `${label}, ${peer.trust}, ${peer.online ? 'online' : 'offline'}. Ctrl-C leaves.`));
  if (screen) out.note(paint('dim', marksLegend));
  // No input before earlier messages are shown.
  terminal.pause();
  const session = createChatSession(daemon, io.clock, pubkey, view, { history, keepUnread });
  terminal.on('line', (line) => {
    screen?.lineEnded(line);
    const [match, slash = '', rest = ''] = (screen && FOREIGN_COMMAND.exec(line)) ?? [];
    if (match && slash === '') view.notice(`Not sent. Ctrl-D leaves; /${rest} sends it.`);
    else if (line.trim() !== '') session.say(match ? rest : line);
  });
  let isOver = false;
  const over = new Promise<void>((resolve) => terminal.once('close', resolve));
  terminal.once('close', () => {
    isOver = true;
    // At a terminal this is Ctrl-D; in a pipe only the input has ended.
    if (onTerminal) session.leave();
  });
  terminal.on('SIGINT', () => terminal.close());
  const release = io.onInterrupt(() => {
    session.leave();
    terminal.close();
  });
  try {
    await session.ready;
    if (!isOver) {
      if (screen) screen.begin();
      else terminal.resume();
    }
    await over;
    // The input has ended: wait until the messages are on a relay.
    if (!onTerminal) await session.settle();
  } finally {
    release();
    session.leave();
    terminal.close();
    if (screen) io.stdout.write('\n');
  }
  const failure = session.failure();
  if (failure && !onTerminal) io.setExitCode(failure.exitCode);
}
