import { type Handlers, limits, type PeerDetails, type Request, type Trust } from '@ocmesh/shared/contract';
import { cleanLine, cleanText } from '@ocmesh/shared/text';
import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { CommandError } from '../terminal/failure.ts';
import { quoted } from '../terminal/message-text.ts';
import type { Paint } from '../terminal/output.ts';
import { peerLabel, shortKey } from '../terminal/peer-label.ts';
import { everyPeer, matchPeers, resolvePeer } from '../terminal/resolve-peer.ts';
import { localTime } from '../terminal/times.ts';

export function addRequestsCommand(program: Command, context: CommandContext): void {
  const { io, daemon, printer, paint } = context;
  const command = program
    .command('requests')
    .description('List strangers who wait for your answer, and those your agent wants to write to.')
    .addHelpText('after', example('ocmesh requests accept bob'))
    .action(async () => {
      const requests = await daemon.api.listRequests({});
      printer().result(
        requests,
        () =>
          requests.map((request) => requestText(request, io.clock.now(), paint)).join('\n\n') ||
          'Nobody waits for an answer.',
      );
    });
  addAnswer(command, context, {
    name: 'accept',
    description: 'Make the stranger a contact: held messages come in, your agent may write.',
    accept: true,
    done: 'is a contact now',
  });
  addAnswer(command, context, {
    name: 'refuse',
    description: 'Block the stranger. It is not told.',
    accept: false,
    done: 'is blocked now',
  });
}

function addAnswer(
  requests: Command,
  { io, daemon, printer }: CommandContext,
  { name, description, accept, done }: { name: string; description: string; accept: boolean; done: string },
): void {
  requests
    .command(name)
    .description(description)
    .argument('<peer>', 'its name, the beginning of its key, or its whole key')
    .addHelpText('after', example(`ocmesh requests ${name} bob`))
    .action(async (text: string) => {
      const { api } = daemon;
      // One that wrote to us and that our agent wants to write to is there twice.
      const waiting = new Map((await api.listRequests({})).map(({ peer }) => [peer.pubkey, peer]));
      const among = [...waiting.values()];
      const answer = async (): Promise<PeerDetails> =>
        api.answerRequest({ pubkey: await resolvePeer({ io, api }, text, { among }), accept });
      const peer = await answer().catch(async (error) => {
        throw (await doesNotWait(api, text, error)) ?? error;
      });
      printer().result(peer, () => `${peerLabel(peer)} (${shortKey(peer.pubkey)}) ${done}.`);
    });
}

/** What is better to say of one that is known, but waits for nothing. */
async function doesNotWait(api: Handlers, text: string, { code }: { code?: unknown }) {
  if (code !== 'peer_not_found' && code !== 'request_unknown') return null;
  const [peer] = matchPeers(await everyPeer(api), text);
  if (!peer) return null;
  const { label, nextStep } = standing[peer.trust];
  const who = `${peerLabel(peer)} (${shortKey(peer.pubkey)})`;
  return new CommandError('request_unknown', `${who} does not wait for an answer: it is ${label}.`, nextStep);
}

const LISTED = '`ocmesh requests` lists who does.';
const standing: Readonly<Record<Trust, { readonly label: string; readonly nextStep: string }>> = {
  stranger: { label: 'a stranger', nextStep: '`ocmesh trust` makes it a contact all the same.' },
  contact: { label: 'a contact', nextStep: LISTED },
  blocked: { label: 'blocked', nextStep: LISTED },
};

function requestText(
  { direction, peer, since, message_count, messages }: Request,
  nowMs: number,
  paint: Paint,
) {
  const who = `${peerLabel(peer)} (${shortKey(peer.pubkey)})`;
  const what = direction === 'in' ? `${who} writes to you` : `Your agent wants to write to ${who}`;
  const hidden = message_count - messages.length;
  return [
    `${paint('bold', what)}  ${localTime(since, nowMs)}`,
    ...messages.map(({ type, content }) =>
      quoted((type === 'text' ? '' : `[${cleanLine(type, limits.message.typeChars)}] `) + cleanText(content)),
    ),
    ...(hidden > 0 ? [`  and ${hidden} more`] : []),
  ].join('\n');
}
