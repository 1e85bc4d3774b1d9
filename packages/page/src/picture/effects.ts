import type { RelayOutcome } from '@ocmesh/shared/contract';
import type { Activity } from '../state/sync.ts';
import type { Layout, Point } from './layout.ts';

/** Something that moves for a moment. Times are in milliseconds of `performance.now()`. */
export type Effect =
  | { readonly kind: 'pulse'; readonly at: Point; readonly tone: Tone; readonly startMs: number }
  | {
      readonly kind: 'travel';
      readonly from: Point;
      readonly to: Point;
      readonly tone: Tone;
      readonly startMs: number;
    };

type Tone = 'good' | 'bad' | 'accent' | 'quiet';

export const TRAVEL_MS = 900;
export const PULSE_MS = 1_200;
/** Effects at a time: more would only flicker. */
const MOST = 60;

const urlsWith = (relays: readonly RelayOutcome[], outcome: RelayOutcome['outcome']): string[] =>
  relays.filter((each) => each.outcome === outcome).map(({ url }) => url);

/** What moves because of something that happened. */
export function effectsOf({ event, data }: Activity, layout: Layout, nowMs: number): Effect[] {
  const { self } = layout;
  const peer = (pubkey: string): Point | undefined => layout.peers.get(pubkey);
  const points = (urls: readonly string[]): Point[] => urls.flatMap((url) => layout.relays.get(url) ?? []);
  const pulse = (at: Point | undefined, tone: Tone, afterMs = 0): Effect[] =>
    at ? [{ kind: 'pulse', at, tone, startMs: nowMs + afterMs }] : [];
  const travel = (from: Point | undefined, to: Point | undefined, tone: Tone, afterMs = 0): Effect[] =>
    from && to ? [{ kind: 'travel', from, to, tone, startMs: nowMs + afterMs }] : [];

  if (event === 'message.state') {
    const relays = points(urlsWith(data.delivery.relays, 'accepted'));
    const to = peer(data.to);
    if (data.state === 'queued') return pulse(self, 'accent');
    if (data.state === 'published') return relays.flatMap((relay) => travel(self, relay, 'accent'));
    if (data.state === 'delivered')
      return [...relays.flatMap((relay) => travel(relay, to, 'good')), ...pulse(to, 'good', TRAVEL_MS)];
    return pulse(to, data.state === 'read' ? 'good' : 'bad');
  }
  if (event === 'message.received') {
    const from = peer(data.from);
    const relays = points(urlsWith(data.delivery.relays, 'received'));
    return [
      ...relays.flatMap((relay) => [
        ...travel(from, relay, 'accent'),
        ...travel(relay, self, 'accent', TRAVEL_MS),
      ]),
      ...pulse(self, 'accent', 2 * TRAVEL_MS),
    ];
  }
  if (event === 'peer.seen') return pulse(peer(data.pubkey), 'quiet');
  if (event === 'peer.online' || event === 'peer.discovered') return pulse(peer(data.pubkey), 'good');
  if (event === 'request.waiting') return pulse(peer(data.pubkey), 'accent');
  return [];
}

const endOf = ({ kind, startMs }: Effect): number => startMs + (kind === 'travel' ? TRAVEL_MS : PULSE_MS);

/** The effects that are not over, and no more than can be told apart. */
export const current = (effects: readonly Effect[], nowMs: number): Effect[] =>
  effects.filter((effect) => endOf(effect) > nowMs).slice(-MOST);
