import { kinds, type NostrEvent, parseEvent } from '@ocmesh/shared/wire';
import { isDm } from './auth.ts';
import type { Behaviour, RelayContext } from './behaviour.ts';

/** Refuses events for the returned reason; null accepts. */
const refuses =
  (why: (event: NostrEvent, relay: RelayContext) => string | null): Behaviour =>
  (relay) => ({
    onFrame([type, first], client) {
      const event = type === 'EVENT' ? parseEvent(first) : null;
      const reason = event && why(event, relay);
      if (!event || !reason) return false;
      relay.countMisdeed();
      client.send(['OK', event.id, false, reason]);
      return true;
    },
  });

/** Accepts events only when they are two hours old. A gift wrap has a made-up date: it counts from the first attempt. */
export const twoHoursLate: Behaviour = (relay) => {
  const firstHeardMs = new Map<string, number>();
  return refuses(({ id, kind, created_at }, { clock, tuning }) => {
    const heardMs = firstHeardMs.get(id) ?? clock.now();
    firstHeardMs.set(id, heardMs);
    const signedMs = kind === kinds.giftWrap ? heardMs : created_at * 1000;
    return clock.now() - signedMs < tuning.lateMs ? 'error: try again later' : null;
  })(relay);
};

/** Accepts a number of events a minute, from all clients together. */
export const rateLimiter: Behaviour = (relay) => {
  let acceptedAt: number[] = [];
  return refuses(() => {
    const nowMs = relay.clock.monotonic();
    acceptedAt = acceptedAt.filter((atMs) => nowMs - atMs < 60_000);
    if (acceptedAt.length >= relay.tuning.writesPerMinute) return 'rate-limited: slow down';
    acceptedAt.push(nowMs);
    return null;
  })(relay);
};

/** Lets everybody read, and nobody write. */
export const restrictedWriter = refuses(() => 'restricted: sign up to write here');

/** Requires more proof of work than anybody does (NIP-13). */
export const powDemander = refuses((event, { tuning: { powBits } }) =>
  leadingZeroBits(event.id) < powBits ? `pow: ${powBits} bits needed` : null,
);

function leadingZeroBits(id: string): number {
  const zeros = /^0*/.exec(id)?.[0].length ?? 0;
  return zeros * 4 + Math.clz32(Number.parseInt(id[zeros] ?? '0', 16)) - 28;
}

const secondsOff = ({ created_at }: NostrEvent, { clock }: RelayContext): number =>
  created_at - Math.floor(clock.now() / 1000);

/** Refuses events that are older than a quarter of an hour: most gift wraps, whose dates are made up. */
export const refusesOldDates = refuses((event, relay) =>
  secondsOff(event, relay) < -relay.tuning.oldestSec ? 'invalid: created_at too far in the past' : null,
);

/** Refuses events that are not dated now. */
export const refusesAllButNow = refuses((event, relay) =>
  Math.abs(secondsOff(event, relay)) > relay.tuning.toleranceSec
    ? 'invalid: event timestamp too far from server time'
    : null,
);

/** Refuses one direct message with words that sound final, and then accepts everything. */
export const blocksOnce: Behaviour = (relay) => {
  let left = relay.tuning.blocks;
  return refuses((event) => (isDm(event) && left-- > 0 ? 'blocked: slow down' : null))(relay);
};

/** Sends OK with the text `"true"` in place of the value. */
export const okAsText: Behaviour = (relay) => ({
  onSend(frame) {
    const [type, id, accepted] = frame;
    if (type !== 'OK' || accepted !== true) return [frame];
    relay.countMisdeed();
    return [['OK', id, 'true']];
  },
});

/** Stores each event, and refuses it as `duplicate` without a colon, as if it had come through another connection before. */
export const falseDuplicate: Behaviour = (relay) => ({
  onSend(frame) {
    if (frame[0] !== 'OK') return [frame];
    relay.countMisdeed();
    return [['OK', frame[1], false, 'duplicate']];
  },
});

/** Refuses the upgrade. */
const status =
  (line: string): Behaviour =>
  (relay) => ({
    onUpgrade(_, raw) {
      relay.countMisdeed();
      raw.end(`HTTP/1.1 ${line}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return true;
    },
  });

export const http402 = status('402 Payment Required');
export const http403 = status('403 Forbidden');
export const http429 = status('429 Too Many Requests');
