import { type Handlers, limits, type PeerDetails, type Request, type Trust } from '@ocmesh/shared/contract';
import { cleanLine, cleanText } from '@ocmesh/shared/text';
import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { CommandError } from '../terminal/failure.ts';
import { quoted } from '../terminal/message-text.ts';
import type { Paint } from '../terminal/output.ts';
import { peerLabel, shortKey } from '../terminal/peer-label.ts';
import { listAllPeers, matchPeers, resolvePeer } from '../terminal/resolve-peer.ts';
import { localTime } from '../terminal/times.ts';

export function addRequestsCommand(program: Command, context: CommandContext): void {
  const { io, daemon, printer, paint } = context;
  const command = program
    .command('requests')
    .description('List strangers waiting for your approval, and those your agent wants to contact.')
    .addHelpText('after', example('ocmesh requests accept bob'))
    .action(async () => {
      const requests = await daemon.api.listRequests({});
      printer().result(
        requests,
        () =>
          requests.map((request) => requestText(request, io.clock.now(), paint)).join('\n\n') ||
          'No pending requests.',
      );
    });
  addDecision(command, context, {
    name: 'accept',
    description: 'Make the stranger a contact: its held messages are delivered, and your agent may write.',
    accept: true,
    done: 'is now a contact',
  });
  addDecision(command, context, {
    name: 'refuse',
    description: 'Block the stranger, without telling it.',
    accept: false,
    done: 'is now blocked',
  });
}

function addDecision(
  requests: Command,
  { io, daemon, printer }: CommandContext,
  { name, description, accept, done }: { name: string; description: string; accept: boolean; done: string },
): void {
  requests
    .command(name)
    .description(description)
    .argument('<peer>', 'name, key, or beginning of a key')
    .addHelpText('after', example(`ocmesh requests ${name} bob`))
    .action(async (text: string) => {
      const { api } = daemon;
      // A peer that wrote to us and that our agent wants to contact is listed twice.
      const waiting = new Map((await api.listRequests({})).map(({ peer }) => [peer.pubkey, peer]));
      const among = [...waiting.values()];
      const decide = async (): Promise<PeerDetails> =>
        api.answerRequest({ pubkey: await resolvePeer({ io, api }, text, { among }), accept });
      const peer = await decide().catch(async (error) => {
        throw (await explainMissingRequest(api, text, error)) ?? error;
      });
      printer().result(peer, () => `${peerLabel(peer)} (${shortKey(peer.pubkey)}) ${done}.`);
    });
}

/** Returns a clearer error for a known peer without a pending request; else null. */
async function explainMissingRequest(api: Handlers, text: string, { code }: { code?: unknown }) {
  if (code !== 'peer_not_found' && code !== 'request_unknown') return null;
  const [peer] = matchPeers(await listAllPeers(api), text);
  if (!peer) return null;
  const { label, nextStep } = decided[peer.trust];
  const who = `${peerLabel(peer)} (${shortKey(peer.pubkey)})`;
  return new CommandError('request_unknown', `No pending request from ${who}, which is ${label}.`, nextStep);
}

const LIST_REQUESTS = '`ocmesh requests` lists pending requests.';
const decided: Readonly<Record<Trust, { readonly label: string; readonly nextStep: string }>> = {
  stranger: { label: 'a stranger', nextStep: '`ocmesh trust` makes it a contact anyway.' },
  contact: { label: 'a contact', nextStep: LIST_REQUESTS },
  blocked: { label: 'blocked', nextStep: LIST_REQUESTS },
};

function requestText(
  { direction, peer, since, message_count, messages }: Request,
  nowMs: number,
  paint: Paint,
) {
  const who = `${peerLabel(peer)} (${shortKey(peer.pubkey)})`;
  const what = direction === 'in' ? `${who} wrote to you` : `Your agent wants to write to ${who}`;
  const hidden = message_count - messages.length;
  return [
    `${paint('bold', what)}  ${localTime(since, nowMs)}`,
    ...messages.map(({ type, content }) =>
      quoted((type === 'text' ? '' : `[${cleanLine(type, limits.message.typeChars)}] `) + cleanText(content)),
    ),
    ...(hidden > 0 ? [`  and ${hidden} more`] : []),
  ].join('\n');
}
