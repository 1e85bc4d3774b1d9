import type { Handlers, Peer, Trust } from '@ocmesh/shared/contract';
import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { CommandError } from '../terminal/failure.ts';
import { peerLabel, shortKey } from '../terminal/peer-label.ts';
import {
  fullKey,
  listAllPeers,
  petnamedPeers,
  type ResolveOptions,
  resolvePeer,
} from '../terminal/resolve-peer.ts';

const PEER = ['<peer>', 'name, key, or beginning of a key'] as const;

/** Adds the commands by which the owner decides about a peer. */
export function addTrustCommands(program: Command, context: CommandContext): void {
  addTrust(program, context, {
    name: 'trust',
    description:
      'Make a peer a contact; its held messages are delivered. Full keys may be added before they are discovered.',
    trust: 'contact',
    appliesTo: (peer) => peer.trust !== 'contact',
    done: 'is now a contact',
    mayBeNew: true,
  });
  addTrust(program, context, {
    name: 'untrust',
    description: 'Make a contact a stranger again.',
    trust: 'stranger',
    appliesTo: (peer) => peer.trust === 'contact',
    done: 'is now a stranger',
  });
  addTrust(program, context, {
    name: 'block',
    description: 'Block a peer: nothing is sent to it, and nothing from it is kept.',
    trust: 'blocked',
    appliesTo: (peer) => peer.trust !== 'blocked',
    done: 'is now blocked',
  });
  addTrust(program, context, {
    name: 'unblock',
    description: 'Make a blocked peer a stranger again.',
    trust: 'stranger',
    appliesTo: (peer) => peer.trust === 'blocked',
    done: 'is now a stranger',
  });
  addAlias(program, context);
  addResume(program, context);
}

interface TrustCommand {
  readonly name: string;
  readonly description: string;
  readonly trust: Trust;
  /** If several peers match, those that the command is meant for. */
  readonly appliesTo: (peer: Pick<Peer, 'trust'>) => boolean;
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
      const pubkey = await find({ io, api }, text, { prefer: command.appliesTo });
      const peer = await api.updatePeer({ pubkey, trust: command.trust });
      printer().result(peer, () => `${titleOf(peer)} ${command.done}.`);
    });
}

function addAlias(program: Command, { io, daemon, printer }: CommandContext): void {
  program
    .command('alias')
    .description('Give a peer a name of your own, usable in every command; without a name, remove it.')
    .argument(...PEER)
    .argument('[name...]', 'new name')
    .addHelpText('after', example('ocmesh alias npub1… my friend'))
    .action(async (text: string, words: string[]) => {
      const { api } = daemon;
      const alias = words.join(' ').trim() || null;
      // Wherever a peer is named, it would be read as the key.
      if (alias !== null && fullKey(alias) !== null)
        throw new CommandError('invalid_request', 'A key cannot be used as a name.', 'Choose another name.');
      const pubkey = await resolvePeer({ io, api }, text);
      if (alias !== null) {
        await checkIsFree(api, alias, pubkey);
        // The key may belong to a peer that is not discovered yet.
        if (fullKey(text) !== null) await api.addPeer({ pubkey: text.trim() });
      }
      const peer = await api.updatePeer({ pubkey, alias });
      printer().result(peer, () =>
        alias === null
          ? `${shortKey(peer.pubkey)} no longer has a name of yours.`
          : `${shortKey(peer.pubkey)} is now ${peerLabel(peer)}.`,
      );
    });
}

/** A name has to identify one peer. */
async function checkIsFree(api: Handlers, alias: string, pubkey: string): Promise<void> {
  const holder = petnamedPeers(await listAllPeers(api), alias).find((peer) => peer.pubkey !== pubkey);
  if (!holder) return;
  throw new CommandError(
    'invalid_request',
    `${titleOf(holder)} already has this name.`,
    `Choose another name, or remove that one first: \`ocmesh alias ${shortKey(holder.pubkey)}\`.`,
  );
}

function addResume(program: Command, { io, daemon, printer }: CommandContext): void {
  program
    .command('resume')
    .description('Resume a conversation that the loop guard paused.')
    .argument(...PEER)
    .addHelpText('after', example('ocmesh resume bob'))
    .action(async (text: string) => {
      const { api } = daemon;
      const peer = await api.resumePeer({ pubkey: await resolvePeer({ io, api }, text) });
      printer().result(peer, () => `Messages to ${titleOf(peer)} are sent again.`);
    });
}

const titleOf = (peer: Pick<Peer, 'pubkey' | 'name' | 'alias'>): string => {
  const [label, key] = [peerLabel(peer), shortKey(peer.pubkey)];
  return label === key ? key : `${label} (${key})`;
};

/** Finds a peer, or adds one that is not discovered yet by its full key. */
async function findOrAdd(
  { io, api }: { readonly io: CommandContext['io']; readonly api: Handlers },
  text: string,
  options: ResolveOptions = {},
): Promise<string> {
  // As it was given: an nprofile names relays as well.
  return fullKey(text) === null
    ? resolvePeer({ io, api }, text, options)
    : (await api.addPeer({ pubkey: text.trim() })).pubkey;
}
