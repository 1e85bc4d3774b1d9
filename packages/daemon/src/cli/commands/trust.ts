import type { Handlers, Peer, Trust } from '@ocmesh/shared/contract';
import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { CommandError } from '../terminal/failure.ts';
import { peerLabel, shortKey } from '../terminal/peer-label.ts';
import {
  everyPeer,
  fullKey,
  petnamedPeers,
  type ResolveOptions,
  resolvePeer,
} from '../terminal/resolve-peer.ts';

const PEER = ['<peer>', 'a name, the beginning of a key, or a whole key'] as const;

/** What the owner decides about a peer. */
export function addTrustCommands(program: Command, context: CommandContext): void {
  addTrust(program, context, {
    name: 'trust',
    description: 'Make a peer a contact: its held messages come in. A whole key need not be known before.',
    trust: 'contact',
    from: (peer) => peer.trust !== 'contact',
    done: 'is a contact now',
    mayBeNew: true,
  });
  addTrust(program, context, {
    name: 'untrust',
    description: 'Make a contact a stranger again.',
    trust: 'stranger',
    from: (peer) => peer.trust === 'contact',
    done: 'is a stranger now',
  });
  addTrust(program, context, {
    name: 'block',
    description: 'Block a peer: nothing goes to it and nothing of it is kept.',
    trust: 'blocked',
    from: (peer) => peer.trust !== 'blocked',
    done: 'is blocked now',
  });
  addTrust(program, context, {
    name: 'unblock',
    description: 'Make a blocked peer a stranger again.',
    trust: 'stranger',
    from: (peer) => peer.trust === 'blocked',
    done: 'is a stranger now',
  });
  addAlias(program, context);
  addResume(program, context);
}

interface TrustCommand {
  readonly name: string;
  readonly description: string;
  readonly trust: Trust;
  /** Whom it is for. */
  readonly from: (peer: Pick<Peer, 'trust'>) => boolean;
  readonly done: string;
  readonly mayBeNew?: true;
}

function addTrust(program: Command, { io, daemon, printer }: CommandContext, command: TrustCommand): void {
  program
    .command(command.name)
    .description(command.description)
    .argument(...PEER)
    .addHelpText('after', example(`ocmesh ${command.name} bob`))
    .action(async (text: string) => {
      const { api } = daemon;
      const find = command.mayBeNew ? findOrAdd : resolvePeer;
      const pubkey = await find({ io, api }, text, { prefer: command.from });
      const peer = await api.updatePeer({ pubkey, trust: command.trust });
      printer().result(peer, () => `${titleOf(peer)} ${command.done}.`);
    });
}

function addAlias(program: Command, { io, daemon, printer }: CommandContext): void {
  program
    .command('alias')
    .description('Give a peer a name of your own, which every command takes; without a name, take it away.')
    .argument(...PEER)
    .argument('[name...]', 'the name')
    .addHelpText('after', example('ocmesh alias npub1… my friend'))
    .action(async (text: string, words: string[]) => {
      const { api } = daemon;
      const alias = words.join(' ').trim() || null;
      // What looks like a key would be taken for it wherever a peer is named.
      if (alias !== null && fullKey(alias) !== null)
        throw new CommandError('invalid_request', 'A key cannot be a name.', 'Choose a word for it.');
      const pubkey = await resolvePeer({ io, api }, text);
      if (alias !== null) {
        await checkIsFree(api, alias, pubkey);
        // A whole key may be of somebody who was not discovered yet.
        if (fullKey(text) !== null) await api.addPeer({ pubkey });
      }
      const peer = await api.updatePeer({ pubkey, alias });
      printer().result(peer, () =>
        alias === null
          ? `${shortKey(peer.pubkey)} has no name of yours any more.`
          : `${shortKey(peer.pubkey)} is ${peerLabel(peer)} now.`,
      );
    });
}

/** Two of one name could not be told apart by it. */
async function checkIsFree(api: Handlers, alias: string, pubkey: string): Promise<void> {
  const holder = petnamedPeers(await everyPeer(api), alias).find((peer) => peer.pubkey !== pubkey);
  if (!holder) return;
  throw new CommandError(
    'invalid_request',
    `${titleOf(holder)} has this name already.`,
    `Choose another one, or take it away there first: \`ocmesh alias ${shortKey(holder.pubkey)}\`.`,
  );
}

function addResume(program: Command, { io, daemon, printer }: CommandContext): void {
  program
    .command('resume')
    .description('Go on with a conversation that was paused because it looked like two programs in a loop.')
    .argument(...PEER)
    .addHelpText('after', example('ocmesh resume bob'))
    .action(async (text: string) => {
      const { api } = daemon;
      const peer = await api.resumePeer({ pubkey: await resolvePeer({ io, api }, text) });
      printer().result(peer, () => `Messages go to ${titleOf(peer)} again.`);
    });
}

const titleOf = (peer: Pick<Peer, 'pubkey' | 'name' | 'alias'>): string => {
  const [label, key] = [peerLabel(peer), shortKey(peer.pubkey)];
  return label === key ? key : `${label} (${key})`;
};

/** A whole key may be of somebody who was not discovered yet. */
async function findOrAdd(
  { io, api }: { readonly io: CommandContext['io']; readonly api: Handlers },
  text: string,
  options: ResolveOptions = {},
): Promise<string> {
  const key = fullKey(text);
  return key === null ? resolvePeer({ io, api }, text, options) : (await api.addPeer({ pubkey: key })).pubkey;
}
