import { minuteMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { meshLimits } from './limits.ts';
import { rendezvous } from './rendezvous.ts';

const { denseAgents, perSecond, longestMinutes, everywhereAgents, sparsePerSecond } = meshLimits.announce;

/**
 * Returns how often to announce ourselves on a relay, so that all its agents together write about ten presences a second.
 * @param agents on this relay
 * @returns a multiple of `baseMs`
 */
export function announceIntervalMs(agents: number, baseMs: number): number {
  if (agents < denseAgents) return baseMs;
  const wantedMs = Math.min((agents / perSecond) * 1000, longestMinutes * minuteMs);
  return Math.max(1, Math.ceil(wantedMs / baseMs)) * baseMs;
}

/**
 * Returns the relays on which to announce ourselves: all of them, or in a large mesh as many as keep each at ten presences a
 * second, in an order that others can work out. If one goes down, the next takes its place.
 * @param agents of the whole mesh
 */
export function announceRelays(self: Pubkey, openUrls: readonly string[], agents: number): readonly string[] {
  if (agents < everywhereAgents) return openUrls;
  const copies = Math.ceil((sparsePerSecond * longestMinutes * 60 * openUrls.length) / agents);
  return rendezvous(self, openUrls).slice(0, Math.max(1, copies));
}
