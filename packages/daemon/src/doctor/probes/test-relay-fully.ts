import { type Clock, toUnixSec } from '@ocmesh/shared/ambient';
import type { RelayDetails } from '@ocmesh/shared/contract';
import { kinds, ocmeshVersion, ourFeatures, presenceEvent } from '@ocmesh/shared/wire';
import type { Identity } from '../../core/identity/identity.ts';
import type { TestResult } from '../../core/relays/test-relay.ts';
import type { RelayProbe } from './relay-probe.ts';

/** Seconds after which the relay should delete what the test wrote (NIP-40). */
const LIFE_S = 120;

type YesNo = 'yes' | 'no' | 'unknown';

/** What one relay does with everything that a daemon would write to it. */
export interface RelayReport {
  readonly url: string;
  readonly state: RelayDetails['state'];
  /** Whether it serves our subscription for messages. */
  readonly reads_messages: boolean;
  readonly supported_nips: readonly number[];
  readonly requires_auth: boolean;
  readonly presence: YesNo;
  readonly kind_4: YesNo;
  readonly kind_1059: YesNo;
  /** Whether it returns both kinds of messages when asked. */
  readonly keeps: YesNo;
  /** Whether it sends them to an open subscription. */
  readonly forwards: YesNo;
  readonly round_trip_ms: number | null;
  /** Why something does not work, in the relay's own words where it gave any; null if all works. */
  readonly problem: string | null;
}

/** Whether a daemon can use the relay for everything. */
export const isUsable = (report: RelayReport): boolean =>
  report.reads_messages && report.keeps === 'yes' && report.forwards === 'yes' && report.presence === 'yes';

/** Tests one relay that the probe is connected to, with events by the probe's identity. */
export async function testRelayFully(
  relay: RelayDetails,
  deps: { readonly probe: RelayProbe; readonly identity: Identity; readonly clock: Clock },
): Promise<RelayReport> {
  const { probe, identity, clock } = deps;
  const { url } = relay;
  const facts = {
    url,
    state: relay.state,
    reads_messages: relay.carries_dms,
    supported_nips: relay.supported_nips,
    requires_auth: relay.limitation['auth_required'] === true || relay.state.startsWith('auth'),
  };
  if (relay.state !== 'connected') {
    return { ...facts, ...untested, problem: relay.last_error ?? 'It cannot be reached.' };
  }
  const createdAtSec = toUnixSec(clock.now());
  const dates = { createdAtSec, expiresAtSec: createdAtSec + LIFE_S };
  const startedAt = clock.monotonic();
  const [wrap, dm, presence] = await Promise.all([
    probe.test(url, identity.testEvent('nip17', dates)),
    probe.test(url, identity.testEvent('nip04', dates)),
    probe.publish(url, identity.sign(presenceOf(createdAtSec))),
  ]);
  const found = presence.outcome === 'accepted' ? await probe.findPresence(url) : null;
  const both = [wrap, dm];
  return {
    ...facts,
    presence: found?.answer ?? 'no',
    kind_4: takes(dm),
    kind_1059: takes(wrap),
    keeps: worst(both.map(({ keeps }) => keeps.answer)),
    forwards: worst(both.map(({ forwards }) => forwards.answer)),
    round_trip_ms: Math.round(clock.monotonic() - startedAt),
    problem:
      both.map(problemOf).find((problem) => problem !== null) ??
      (found
        ? found.answer === 'yes'
          ? null
          : found.reason
        : (presence.reason ?? 'It refused the presence.')),
  };
}

const untested = {
  presence: 'unknown',
  kind_4: 'unknown',
  kind_1059: 'unknown',
  keeps: 'unknown',
  forwards: 'unknown',
  round_trip_ms: null,
} as const;

const presenceOf = (createdAtSec: number) =>
  presenceEvent({
    kind: kinds.presence,
    createdAtSec,
    lifetimeSec: LIFE_S,
    version: ocmeshVersion,
    name: null,
    features: ourFeatures,
    // It shows the relay a presence without showing other agents a peer.
    status: 'offline',
    instance: 'test',
  });

const takes = ({ published }: TestResult): YesNo =>
  published.outcome === 'accepted' ? 'yes' : published.outcome === 'rejected' ? 'no' : 'unknown';

const worst = (answers: readonly YesNo[]): YesNo =>
  (['no', 'unknown'] as const).find((answer) => answers.includes(answer)) ?? 'yes';

const problemOf = ({ published, keeps, forwards }: TestResult): string | null =>
  published.outcome === 'accepted' ? (keeps.reason ?? forwards.reason) : (published.reason ?? keeps.reason);
