import tab from '@bomb.sh/tab/commander';
import type { Peer } from '@ocmesh/shared/contract';
import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';
import { shortKey, shownName } from '../terminal/peer-label.ts';
import { listAllPeers, matchPeers } from '../terminal/resolve-peer.ts';
import { completionScripts } from './completion-scripts.ts';
import { policyValues } from './policy.ts';

/** Time for the daemon to respond: the user has just pressed Tab. */
const RESPONSE_MS = 700;

/**
 * Names that are safe on a command line. Peers choose their names, and bash evaluates the words it completes: only
 * letters, digits and a few characters that mean nothing to any shell are allowed.
 */
const SAFE_WORD = /^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u;

/** Input for the completion of one word. */
export interface CompletionInput {
  readonly peers: readonly Peer[];
  /** Words after `ocmesh`. */
  readonly words: readonly string[];
}

/** Adds `completion <shell>` and the hidden `complete`. Call it last: it reads the commands that exist. */
export function addCompletion(program: Command, { io }: CommandContext): (input: CompletionInput) => void {
  const table = tab(program, { completionCommandName: 'completion' });
  program.commands
    .find((command) => command.name() === 'completion')
    ?.description('Print a shell completion script.')
    .addHelpText('after', example('source <(ocmesh completion bash)'))
    .action((shell: string) => {
      const script = completionScripts[shell];
      if (script) io.stdout.write(script);
      else table.setup(program.name(), program.name(), shell);
    });
  return ({ peers, words }) => {
    const peerNames = peerWords(peers);
    for (const [path, command] of table.commands) {
      const argument = command.arguments.get('peer');
      if (argument) {
        argument.handler = (complete) => {
          for (const [word, description] of peerNames) complete(word, description);
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

/** Returns the words that name exactly one peer, with a description: the owner's name for it, and its own. */
export function peerWords(peers: readonly Peer[]): [word: string, description: string][] {
  return peers.flatMap((peer): [string, string][] => {
    const names = new Set(
      [peer.alias, peer.name].map(shownName).filter((name) => isUsable(name, peer, peers)),
    );
    const state = `${peer.trust}, ${peer.online ? 'online' : 'offline'}`;
    return names.size > 0
      ? [...names].map((name) => [name, `${shortKey(peer.pubkey)}, ${state}`])
      : [[shortKey(peer.pubkey), state]];
  });
}

function isUsable(name: string, { pubkey }: Peer, peers: readonly Peer[]): boolean {
  if (!SAFE_WORD.test(name)) return false;
  const matches = matchPeers(peers, name);
  return matches.length === 1 && matches[0]?.pubkey === pubkey;
}

/** Returns the peers; none if the daemon does not respond in time. */
export async function peersForCompletion({ io, daemon }: CommandContext): Promise<readonly Peer[]> {
  const timeout = new AbortController();
  const cancel = io.clock.after(RESPONSE_MS, () => timeout.abort());
  try {
    return await listAllPeers(daemon.api, {}, timeout);
  } catch {
    return [];
  } finally {
    cancel();
  }
}
