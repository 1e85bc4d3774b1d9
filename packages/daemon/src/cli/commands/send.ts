import { limits, OcmeshError, utf8Bytes } from '@ocmesh/shared/contract';
import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { CommandError } from '../terminal/failure.ts';
import type { Io } from '../terminal/io.ts';
import { shortKey } from '../terminal/peer-label.ts';
import { resolvePeer } from '../terminal/resolve-peer.ts';

export function addSendCommand(program: Command, { io, daemon, printer }: CommandContext): void {
  program
    .command('send')
    .description('Send one message, end-to-end encrypted. What begins with - goes after --.')
    .argument('<peer>', 'a name, the beginning of a key, or a whole key')
    .argument('<text...>', 'what to say; - reads it from standard input')
    .option('--reply-to <id>', 'the message that this one answers')
    .addHelpText('after', example('ocmesh send bob see you at nine'))
    .action(async (peer: string, words: string[], { replyTo }: { replyTo?: string }) => {
      const to = await resolvePeer({ io, api: daemon.api }, peer, {
        prefer: ({ trust }) => trust !== 'blocked',
      });
      const content = words.length === 1 && words[0] === '-' ? await readAll(io) : words.join(' ');
      if (content === '') {
        throw new CommandError(
          'invalid_request',
          'There is nothing to send.',
          'Give the text, or pipe it in with -.',
        );
      }
      const sent = await daemon.api.sendMessage({ to, content, ...(replyTo && { reply_to: replyTo }) });
      printer().result(sent, () => `${sent.state} for ${shortKey(sent.to)}, id ${sent.id}`);
    });
}

/** All of standard input, without the line end that `echo` puts behind it. */
async function readAll({ stdin, stderr }: Io): Promise<string> {
  if (stdin.isTTY) stderr.write('Type the message; Ctrl-D ends it.\n');
  stdin.setEncoding('utf8');
  let text = '';
  for await (const part of stdin) {
    text += part;
    if (utf8Bytes(text) > limits.http.bodyBytes) throw new OcmeshError('content_too_large');
  }
  return text.replace(/\r?\n$/, '');
}
