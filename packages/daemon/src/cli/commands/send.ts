import { limits, type Message, OcmeshError, type Output, utf8Bytes } from '@ocmesh/shared/contract';
import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { CommandError } from '../terminal/failure.ts';
import type { Io } from '../terminal/io.ts';
import { messageText } from '../terminal/message-text.ts';
import { wholeNumber } from '../terminal/number-options.ts';
import { shortKey } from '../terminal/peer-label.ts';
import { fullKey, resolvePeer } from '../terminal/resolve-peer.ts';

interface SendFlags {
  readonly replyTo?: string;
  readonly wait?: number;
}

export function addSendCommand(program: Command, { io, daemon, printer, paint }: CommandContext): void {
  program
    .command('send')
    .description('Send one end-to-end-encrypted message. Use -- before text that starts with a dash.')
    .argument('<peer>', 'name, key, or beginning of a key')
    .argument('<text...>', 'message text; - reads it from standard input')
    .option('--reply-to <id>', 'id of the message to reply to')
    .option('--wait <seconds>', 'wait for the answer, and show it', wholeNumber(1, limits.http.waitSeconds))
    .addHelpText('after', example('ocmesh send bob see you at nine'))
    .action(async (peer: string, words: string[], { replyTo, wait }: SendFlags) => {
      const prefer = ({ trust }: { readonly trust: string }): boolean => trust !== 'blocked';
      // A key as it was given: an nprofile names relays as well.
      const to =
        fullKey(peer) === null ? await resolvePeer({ io, api: daemon.api }, peer, { prefer }) : peer.trim();
      const content = words.length === 1 && words[0] === '-' ? await readAll(io) : words.join(' ');
      if (content === '') {
        throw new CommandError(
          'invalid_request',
          'The message is empty.',
          'Pass the text, or pipe it in with -.',
        );
      }
      const sent = await daemon.api.sendMessage({ to, content, ...(replyTo && { reply_to: replyTo }) });
      const head = `${sent.state} for ${shortKey(sent.to)}, id ${sent.id}`;
      if (wait === undefined) return printer().result(sent, () => head);
      const answer = await daemon.api.waitForMessages({ answer_to: sent.id, timeout_s: wait });
      const now = io.clock.now();
      printer().result({ ...sent, answer }, () =>
        [head, ...answerTexts(answer, (message) => messageText(message, now, paint))].join('\n\n'),
      );
    });
}

/** The answer as text. One that names no message may be about something else. */
function answerTexts(
  { messages, matched }: Output<'waitForMessages'>,
  show: (message: Message) => string,
): string[] {
  if (messages.length === 0) return ['No answer yet. `ocmesh inbox` shows it when it comes.'];
  const note = matched === 'reply_to' ? [] : ['Written later, without naming your message:'];
  return [...note, ...messages.map(show)];
}

/** Reads all of standard input, without the newline that `echo` appends. */
async function readAll({ stdin, stderr }: Io): Promise<string> {
  if (stdin.isTTY) stderr.write('Type the message, then Ctrl-D.\n');
  stdin.setEncoding('utf8');
  let text = '';
  for await (const part of stdin) {
    text += part;
    if (utf8Bytes(text) > limits.http.bodyBytes) throw new OcmeshError('content_too_large');
  }
  return text.replace(/\r?\n$/, '');
}
