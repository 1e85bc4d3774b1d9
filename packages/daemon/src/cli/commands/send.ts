import { limits, OcmeshError, utf8Bytes } from '@ocmesh/shared/contract';
import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { CommandError } from '../terminal/failure.ts';
import type { Io } from '../terminal/io.ts';
import { shortKey } from '../terminal/peer-label.ts';
import { fullKey, resolvePeer } from '../terminal/resolve-peer.ts';

export function addSendCommand(program: Command, { io, daemon, printer }: CommandContext): void {
  program
    .command('send')
    .description('Send one end-to-end-encrypted message. Use -- before text that starts with a dash.')
    .argument('<peer>', 'name, key, or beginning of a key')
    .argument('<text...>', 'message text; - reads it from standard input')
    .option('--reply-to <id>', 'id of the message to reply to')
    .addHelpText('after', example('ocmesh send bob see you at nine'))
    .action(async (peer: string, words: string[], { replyTo }: { replyTo?: string }) => {
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
      printer().result(sent, () => `${sent.state} for ${shortKey(sent.to)}, id ${sent.id}`);
    });
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
