import tab from '@bomb.sh/tab/commander';
import type { Peer } from '@ocmesh/shared/contract';
import type { Command } from 'commander';
import { type CommandContext, example } from './context.ts';
import { shortKey, shownName } from './peer-label.ts';
import { everyPeer, matchPeers } from './resolve-peer.ts';

/** A person waits for it with the key pressed. */
const PATIENCE_MS = 700;

/**
 * The words of a peer that may stand on a command line. Peers name themselves, and bash runs what it finds in the words
 * that it completes: only letters, digits and a few signs that mean nothing to any shell are let through.
 */
const HARMLESS = /^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u;

/** Adds `completion <shell>` and what its scripts call. Comes last: it takes the commands that are there. */
export function addCompletion(program: Command): (peers: readonly Peer[]) => void {
  const table = tab(program, { completionCommandName: 'completion' });
  program.commands
    .find((command) => command.name() === 'completion')
    ?.description('Print what makes a shell complete commands and peers.')
    .addHelpText(
      'after',
      `${example('source <(ocmesh completion bash)')}\nFor bash, its package bash-completion has to be there.`,
    );
  return (peers) => {
    const words = peerWords(peers);
    for (const command of table.commands.values()) {
      const argument = command.arguments.get('peer');
      if (argument) {
        argument.handler = (complete) => {
          for (const [word, description] of words) complete(word, description);
        };
      }
    }
  };
}

/** What names each peer and no other, with words of ours beside it. */
export function peerWords(peers: readonly Peer[]): [word: string, description: string][] {
  return peers.map((peer) => {
    const name = [peer.alias, peer.name].map(shownName).find((one) => isFit(one, peers));
    const state = `${peer.trust}, ${peer.online ? 'online' : 'offline'}`;
    return name ? [name, `${shortKey(peer.pubkey)}, ${state}`] : [shortKey(peer.pubkey), state];
  });
}

const isFit = (name: string, peers: readonly Peer[]): boolean =>
  HARMLESS.test(name) && matchPeers(peers, name).length === 1;

/** The peers, where the daemon runs and is quick: whoever presses the key is not to wait. */
export async function peersAtHand({ io, daemon }: CommandContext): Promise<readonly Peer[]> {
  const late = new AbortController();
  const cancel = io.clock.after(PATIENCE_MS, () => late.abort());
  try {
    return await everyPeer(daemon.api, {}, late);
  } catch {
    return [];
  } finally {
    cancel();
  }
}
