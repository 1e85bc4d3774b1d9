import { type Status, withStepsFor } from '@ocmesh/shared/contract';
import { maskQueries } from '@ocmesh/shared/wire';
import { handleOf, minuteOf, quoted } from './facts.ts';
import { toolLimits } from './limits.ts';
import { presentRelays } from './present-relays.ts';
import type { ToolResult } from './result.ts';

/** The status: who we are, who is there, and what is wrong. What works takes no line. */
export function presentStatus(status: Status): ToolResult {
  const { name, npub, pubkey, peer_count, known_peer_count, request_count, outbox, paused_peers } = status;
  const { reasons, warnings } = withStepsFor('tool', status);
  const own = status.relay_status.filter(({ role }) => role === 'own');
  const connected = own.filter(({ state }) => state === 'connected').length;
  const paused = paused_peers.slice(0, toolLimits.pausedPeers).map(handleOf);
  const relays = presentRelays(
    status.relay_status
      .filter(
        ({ role, state, last_error }) => state !== 'connected' && (role === 'own' || last_error !== null),
      )
      .map(({ url, role, state, rests_until, last_error }) => ({
        url,
        isOwn: role === 'own',
        known: rests_until === null ? state : `${state}, tried again ${minuteOf(rests_until)}`,
        said: last_error,
      })),
  );
  const waiting = Object.entries(outbox).filter(([, count]) => count > 0);
  return {
    known: [
      `you: ${name === null ? 'no name' : quoted(name)} | ${handleOf(pubkey)} | ${npub}`,
      `peers: ${peer_count} online of ${known_peer_count} known | relays: ${connected} of ${own.length} connected`,
      ...reasons.map(
        ({ code, message, peers = [], next_step }) =>
          `PROBLEM ${code}: ${[maskQueries(message), ...peers.map(handleOf)].join(' ')} ${next_step}`,
      ),
      ...warnings.map(({ message, next_step }) => `warning: ${maskQueries(message)} ${next_step}`),
      ...(waiting.length > 0
        ? [`sent, not confirmed: ${waiting.map(([state, count]) => `${count} ${state}`).join(', ')}`]
        : []),
      ...(request_count > 0
        ? [`requests: ${request_count} from strangers wait for your user: \`ocmesh requests\``]
        : []),
      ...(paused_peers.length > 0
        ? [`paused by the loop guard: ${paused.join(' ')}${paused_peers.length > paused.length ? ' …' : ''}`]
        : []),
      ...relays.known,
    ],
    theirs: relays.theirs,
    unread: status.unread_count,
  };
}
