import tab from '@bomb.sh/tab/commander';
import type { Peer } from '@ocmesh/shared/contract';
import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { shortKey, shownName } from '../terminal/peer-label.ts';
import { everyPeer, matchPeers } from '../terminal/resolve-peer.ts';
import { completionScripts } from './completion-scripts.ts';
import { policyValues } from './policy.ts';

/** A person waits for it with the key pressed. */
const PATIENCE_MS = 700;

/**
 * The words of a peer that may stand on a command line. Peers name themselves, and bash runs what it finds in the words
 * that it completes: only letters, digits and a few signs that mean nothing to any shell are let through.
 */
const HARMLESS = /^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u;

/** What the words to come depend on. */
export interface Typed {
  readonly peers: readonly Peer[];
  /** The words after `ocmesh`. */
  readonly words: readonly string[];
}

/** Adds `completion <shell>` and what its scripts call. Comes last: it takes the commands that are there. */
export function addCompletion(program: Command, { io }: CommandContext): (typed: Typed) => void {
  const table = tab(program, { completionCommandName: 'completion' });
  program.commands
    .find((command) => command.name() === 'completion')
    ?.description('Print what makes a shell complete commands and peers.')
    .addHelpText('after', example('source <(ocmesh completion bash)'))
    .action((shell: string) => {
      const script = completionScripts[shell];
      if (script) io.stdout.write(script);
      else table.setup(program.name(), program.name(), shell);
    });
  return ({ peers, words }) => {
    const named = peerWords(peers);
    for (const [path, command] of table.commands) {
      const argument = command.arguments.get('peer');
      if (argument) {
        argument.handler = (complete) => {
          for (const [word, description] of named) complete(word, description);
        };
      }
      const value = path === 'policy' ? command.arguments.get('value') : undefined;
      if (value) {
        value.handler = (complete) => {
          for (const word of policyValues(words[1] ?? '')) complete(word, '');
        };
      }
    }
  };
}

/** What names each peer and no other, with words of ours beside it: what the owner calls it, and what it calls itself. */
export function peerWords(peers: readonly Peer[]): [word: string, description: string][] {
  return peers.flatMap((peer): [string, string][] => {
    const names = new Set([peer.alias, peer.name].map(shownName).filter((one) => isFit(one, peer, peers)));
    const state = `${peer.trust}, ${peer.online ? 'online' : 'offline'}`;
    return names.size > 0
      ? [...names].map((name) => [name, `${shortKey(peer.pubkey)}, ${state}`])
      : [[shortKey(peer.pubkey), state]];
  });
}

function isFit(name: string, { pubkey }: Peer, peers: readonly Peer[]): boolean {
  if (!HARMLESS.test(name)) return false;
  const meant = matchPeers(peers, name);
  return meant.length === 1 && meant[0]?.pubkey === pubkey;
}

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
