import { type Clock, minuteMs } from '@ocmesh/shared/ambient';
import { maskQueries } from '@ocmesh/shared/wire';
import type { HealthReason, HealthWarning } from '../model/domain-events.ts';
import type { Conduct } from '../model/relay.ts';
import type { RelaySnapshot } from '../ports/relay-network.ts';
import { createLasting } from './lasting.ts';
import { statusLimits } from './limits.ts';
import { medianOf } from './median.ts';

const GRACE_MS = statusLimits.noRelaySeconds * 1000;
const CLOCK_OFF_MS = statusLimits.clockOffMinutes * minuteMs;

const oneKeepingRelay: HealthWarning = {
  code: 'one_keeping_relay',
  message: 'Only one connected relay keeps our messages; the others drop them.',
};

export interface RelayHealth {
  /** @param open our own relays that are connected */
  reasons(open: readonly RelaySnapshot[]): HealthReason[];
  warnings(open: readonly RelaySnapshot[]): HealthWarning[];
}

/** Finds out whether messages can be published and received through our relays. */
export function createRelayHealth(deps: {
  readonly clock: Clock;
  /** What we found out about a relay. */
  readonly conductOf: (url: string) => Conduct;
  /** Whether a relay refuses the date of everything we write. */
  readonly refusesDates: (url: string) => boolean;
  /** Whether a relay lets us see which agents are there. */
  readonly showsPresences: (url: string) => boolean;
  /** Returns the number of messages that no connected relay will be asked for. */
  readonly stalledMessages: () => number;
}): RelayHealth {
  const { clock, conductOf, showsPresences } = deps;
  const disconnectedSince = createLasting(clock, GRACE_MS, true);
  const unreadableSince = createLasting(clock, GRACE_MS);
  const undiscoveringSince = createLasting(clock, GRACE_MS);
  const stalledSince = createLasting(clock, GRACE_MS);
  const droppingSince = createLasting(clock, 0);
  const clockOffSince = createLasting(clock, 0);

  function connectionReasons(open: readonly RelaySnapshot[]): HealthReason[] {
    const disconnected = disconnectedSince(open.length === 0);
    const isReadable = open.some((relay) => relay.carriesDms);
    const unreadable = unreadableSince(open.length > 0 && !isReadable);
    const undiscovering = undiscoveringSince(isReadable && !open.some(({ url }) => showsPresences(url)));
    if (disconnected !== null) {
      return [
        {
          code: 'no_relay',
          message: 'No relay is connected: nothing arrives and nothing goes out.',
          sinceMs: disconnected,
        },
      ];
    }
    if (unreadable !== null) {
      return [
        {
          code: 'no_dm_relay',
          message: 'No relay lets us read our messages: they stay on the relays.',
          sinceMs: unreadable,
        },
      ];
    }
    if (undiscovering === null) return [];
    return [
      {
        code: 'no_discovery',
        message: 'No relay lets us see other agents: new ones are not found, and known ones appear offline.',
        sinceMs: undiscovering,
      },
    ];
  }

  /** A relay that was not tested yet may be the one that keeps messages. */
  function keepingReasons(open: readonly RelaySnapshot[]): HealthReason[] {
    const sinceMs = droppingSince(
      open.length > 0 && open.every(({ url }) => conductOf(url).keeps.answer === 'no'),
    );
    if (sinceMs === null) return [];
    return [
      {
        code: 'no_keeping_relay',
        message:
          'Every connected relay accepts our messages and drops them: they are not published, and wait in the outbox.',
        sinceMs,
      },
    ];
  }

  /** Without any relay, `no_relay` says it all. */
  function outboxReasons(open: readonly RelaySnapshot[]): HealthReason[] {
    const stalled = open.length > 0 ? deps.stalledMessages() : 0;
    const sinceMs = stalledSince(stalled > 0);
    if (sinceMs === null) return [];
    const messages = stalled === 1 ? 'A message is' : `${stalled} messages are`;
    return [
      {
        code: 'outbox_stalled',
        message: `${messages} queued, and no connected relay is left to try: those that responded refuse our messages or drop them.`,
        sinceMs,
      },
    ];
  }

  function clockReasons(open: readonly RelaySnapshot[]): HealthReason[] {
    // The median: some relays have a wrong clock themselves.
    const offsetMs = medianOf(open.flatMap(({ clockOffsetMs }) => clockOffsetMs ?? []));
    const sinceMs = clockOffSince(offsetMs !== null && Math.abs(offsetMs) > CLOCK_OFF_MS);
    if (offsetMs === null || sinceMs === null) return [];
    const minutes = Math.round(Math.abs(offsetMs) / minuteMs);
    const direction = offsetMs > 0 ? 'behind' : 'ahead of';
    return [
      {
        code: 'clock_off',
        message: `The clock of this machine is ${minutes} minutes ${direction} those of the relays: relays and other agents may refuse what we send.`,
        sinceMs,
      },
    ];
  }

  function dateWarnings(open: readonly RelaySnapshot[]): HealthWarning[] {
    const urls = open.flatMap(({ url }) => (deps.refusesDates(url) ? maskQueries(url) : []));
    if (urls.length === 0) return [];
    const refuse = urls.length === 1 ? 'refuses' : 'refuse';
    const message = `${urls.join(', ')} ${refuse} the date of everything we write, even one of now.`;
    return [{ code: 'dates_refused', message }];
  }

  return {
    reasons: (open) => [
      ...connectionReasons(open),
      ...keepingReasons(open),
      ...outboxReasons(open),
      ...clockReasons(open),
    ],
    warnings(open) {
      const keeping = open.filter(({ url }) => conductOf(url).keeps.answer !== 'no');
      // An owner who uses a single relay knows that.
      const isLast = open.length > 1 && keeping.length === 1;
      return [...(isLast ? [oneKeepingRelay] : []), ...dateWarnings(open)];
    },
  };
}
