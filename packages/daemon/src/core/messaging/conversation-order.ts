import type { UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { MessageRecord, NewMessage, Order, Series } from '../model/message.ts';
import type { Tables } from '../ports/store.ts';
import { messagingLimits } from './limits.ts';

/** A message that its sender numbered. */
interface Numbered {
  readonly peer: Pubkey;
  readonly seq: number;
  readonly writtenMs: UnixMs;
  readonly arrival: number;
}

const { order: bounds } = messagingLimits;

/**
 * Stores an incoming message at its place in the conversation: behind what came before it, unless its sender's number
 * says that it came late. Numbers and dates are claims; they move only messages of the same sender.
 */
export function insertInOrder(tables: Tables, message: NewMessage): { arrival: number; missing: number } {
  const { peer, seq } = message;
  const writtenMs = message.writtenMs ?? message.timestampMs;
  const arrival = tables.messages.lastArrival() + 1;
  const order = seq === null ? last(arrival) : orderOf(tables, { peer, seq, writtenMs, arrival });
  tables.messages.insert(message, order);
  return { arrival, missing: order.missing };
}

const last = (arrival: number, seq = 0, series = 0, missing = 0): Order => ({
  place: arrival,
  rank: seq,
  series,
  missing,
});

function orderOf(tables: Tables, one: Numbered): Order {
  const { peer, seq, writtenMs, arrival } = one;
  const { messages, series } = tables;
  const current = series.get(peer);
  const behind = messages.behindGap(peer, seq);
  if (behind && isWaitedFor(one, behind, current)) return fillGap(tables, one, behind);
  if (!current) return beginSeries(tables, one, 0, missingAtStart(tables, one));
  if (seq > current.lastSeq) {
    // It belongs to a series before this one, in which nobody waits for it.
    if (writtenMs < current.fromWrittenMs) return last(arrival, seq);
    const skipped = seq - current.lastSeq - 1;
    if (skipped > bounds.missing) return beginSeries(tables, one, writtenMs, 0);
    series.put(peer, { ...current, lastSeq: seq, lastWrittenMs: writtenMs, lastArrival: arrival });
    // The sender numbers plain texts too, but does not show their numbers.
    const plain = skipped > 0 ? messages.countUnnumbered(peer, current.lastArrival, skipped) : 0;
    return last(arrival, seq, current.series, skipped - plain);
  }
  return orderOfLowNumber(tables, one, current);
}

/** Whether it is one of those missing before that message, and not one with the same number of a later series. */
const isWaitedFor = ({ writtenMs }: Numbered, behind: MessageRecord, current: Series | null): boolean =>
  current && current.series !== behind.order.series
    ? writtenMs < current.fromWrittenMs
    : writtenMs <= behind.timestampMs + bounds.clockStepMs;

/** A number that is not the highest, and not known to be missing: the peer lost count, or it is from before its first one here. */
function orderOfLowNumber({ messages, series }: Tables, one: Numbered, current: Series): Order {
  const { peer, seq, writtenMs, arrival } = one;
  const follower = messages.firstFrom(peer, current.series, seq);
  const isTaken = follower?.seq === seq;
  if (writtenMs > current.lastWrittenMs || (isTaken && writtenMs === current.lastWrittenMs)) {
    return beginSeries({ series }, one, writtenMs, 0);
  }
  return follower && !isTaken ? orderBefore({ messages }, one, follower) : last(arrival, seq);
}

function beginSeries(
  { series }: Pick<Tables, 'series'>,
  { peer, seq, writtenMs, arrival }: Numbered,
  fromWrittenMs: UnixMs,
  missing: number,
): Order {
  series.put(peer, {
    series: arrival,
    lastSeq: seq,
    lastWrittenMs: writtenMs,
    lastArrival: arrival,
    fromWrittenMs,
  });
  return last(arrival, seq, arrival, missing);
}

/** A peer that wrote to us before may have counted without showing it, or before this home existed. */
function missingAtStart({ messages }: Tables, { peer, seq }: Numbered): number {
  if (seq - 1 > bounds.missingAtStart) return 0;
  const isFirst = messages.list({ direction: 'in', peer, order: 'desc', limit: 1 }).length === 0;
  return isFirst ? Math.max(0, seq - 1) : 0;
}

function fillGap(tables: Tables, one: Numbered, behind: MessageRecord): Order {
  const stillMissing = (behind.seq as number) - one.seq - 1;
  tables.messages.setMissing(behind.arrival, stillMissing);
  return { ...orderBefore(tables, one, behind), missing: behind.order.missing - stillMissing - 1 };
}

/** Puts a message that came late right before the next one of its sender, or before what we wrote in between. */
function orderBefore(
  { messages }: Pick<Tables, 'messages'>,
  { peer, seq, writtenMs }: Numbered,
  { order }: MessageRecord,
): Order {
  const sentLater = messages.firstSentAfter(peer, writtenMs, {
    fromPlace: messages.placeBefore(peer, order.series, seq),
    beforePlace: order.place,
  });
  return { place: sentLater ?? order.place, rank: seq, series: order.series, missing: 0 };
}
