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
/** What people type in other chats to leave or to be helped: the peer is not to get it. With one slash more it is sent. */
const ORDER = /^(\/?)(\/(?:quit|exit|leave|bye|q|help|h|\?))\s*$/i;

export function addChatCommand(program: Command, context: CommandContext): void {
  program
    .command('chat')
    .description('Talk with a peer: each line you type is a message. Ctrl-C leaves.')
    .argument('<peer>', 'a name, the beginning of a key, or a whole key')
    .option(
      '-n, --history <number>',
      'how many messages of before to show',
      wholeNumber(0, limits.http.pageRows),
      DEFAULT_HISTORY,
    )
    .option('--keep-unread', 'leave what comes unread, for the agent')
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
  // Nothing is typed before the conversation so far is shown.
  terminal.pause();
  const session = createChatSession(daemon, io.clock, pubkey, view, { history, keepUnread });
  terminal.on('line', (line) => {
    screen?.lineEnded(line);
    const [order, slash = '', rest = ''] = (screen && ORDER.exec(line)) ?? [];
    if (order && slash === '') view.notice(`Not sent. Ctrl-D leaves; /${rest} sends it.`);
    else if (line.trim() !== '') session.say(order ? rest : line);
  });
  let isOver = false;
  const over = new Promise<void>((resolve) => terminal.once('close', resolve));
  terminal.once('close', () => {
    isOver = true;
    // At a terminal that is Ctrl-D; of a pipe it is only the end of what is to be said.
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
    // The end of a pipe, not of a conversation: what was said shall get out.
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
