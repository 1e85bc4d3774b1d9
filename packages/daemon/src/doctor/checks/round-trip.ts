import { type Clock, toUnixSec } from '@ocmesh/shared/ambient';
import type { Identity } from '../../core/identity/identity.ts';
import type { TestResult } from '../../core/relays/test-relay.ts';
import { type Check, type Finding, fail, ok, skipped, warn } from '../check.ts';
import { inQuotes } from '../format.ts';
import type { Facts } from '../probes/facts.ts';
import type { RelayProbe } from '../probes/relay-probe.ts';

/** Seconds after which the relay should delete the messages (NIP-40). */
const LIFE_S = 60;
const codecs = ['nip17', 'nip04'] as const;
const NEXT_STEP =
  'Run `ocmesh doctor` again; if the problem persists, use another relay: `ocmesh relays add <url>`.';
/** Forwarding alone is no reason to worry: the daemon also asks for messages from time to time. */
const LATE =
  'Messages through it arrive late. Another relay would deliver them at once: `ocmesh relays add <url>`.';

interface Tested {
  readonly url: string;
  /** null if the relay keeps and forwards messages. */
  readonly problem: { readonly found: string; readonly isLate: boolean } | null;
  readonly ms: number;
}

/**
 * Sends what the daemon sends, a gift wrap and a kind 4 event, to ourselves through every relay in use, over a separate
 * connection, and looks whether the relay keeps and forwards it. A running daemon drops events by its own key, so nothing
 * reaches an inbox; the relay is asked to delete them after a minute.
 */
export const roundTripCheck = (
  facts: Pick<Facts, 'relays' | 'probe' | 'store' | 'goesAroundProxy'>,
  clock: Clock,
): Check => ({
  id: 'round_trip',
  what: 'Test message',
  why: 'An OK does not prove that a relay keeps a message and sends it to its recipient; some drop what they accept.',
  needs: ['config', 'store'],
  async run() {
    if (!(await facts.store())) return skipped('No identity yet.');
    if (await facts.goesAroundProxy())
      return skipped('The daemon uses a proxy that is not set here, and this would go around it.');
    const urls = (await facts.relays()).flatMap(({ url, carries_dms }) => (carries_dms ? [url] : []));
    if (urls.length === 0) return skipped('No relay to send it through.');
    const { probe, identity } = await facts.probe();
    const connected = await probe.connect(urls);
    const tested = await Promise.all(
      urls.map(async (url): Promise<Tested> => {
        const isOpen = connected.some((relay) => relay.url === url && relay.carries_dms);
        const startedAt = clock.monotonic();
        const problem = isOpen
          ? await testOne({ url, probe, identity, clock })
          : { found: 'It did not accept a second connection.', isLate: false };
        return { url, problem, ms: Math.round(clock.monotonic() - startedAt) };
      }),
    );
    const works = tested.some(({ problem }) => problem === null || problem.isLate);
    return tested.map((one) => describe(one, works));
  },
});

function describe({ url, problem, ms }: Tested, works: boolean): Finding {
  if (problem === null) return ok(`${url} takes, keeps and forwards messages, in ${ms} ms`);
  const found = `${url}: ${problem.found}`;
  if (problem.isLate) return warn(found, LATE);
  return works ? warn(found, NEXT_STEP) : fail(found, NEXT_STEP);
}

async function testOne(deps: {
  readonly url: string;
  readonly probe: RelayProbe;
  readonly identity: Identity;
  readonly clock: Clock;
}): Promise<Tested['problem']> {
  const { url, probe, identity, clock } = deps;
  const createdAtSec = toUnixSec(clock.now());
  const dates = { createdAtSec, expiresAtSec: createdAtSec + LIFE_S };
  const results = await Promise.all(codecs.map((codec) => probe.test(url, identity.testEvent(codec, dates))));
  const lost = results.find(({ keeps }) => keeps.answer !== 'yes');
  if (lost) return { found: whyLost(lost), isLate: false };
  const late = results.find(({ forwards }) => forwards.answer !== 'yes');
  return late ? { found: late.forwards.reason ?? 'It does not forward messages.', isLate: true } : null;
}

const refusals = {
  rejected: 'It rejected it',
  timeout: 'It did not confirm it in time',
  not_connected: 'It lost the connection',
} as const;

function whyLost({ published: { outcome, reason }, keeps }: TestResult): string {
  if (outcome === 'accepted') return keeps.reason ?? 'It accepted it, but does not return it.';
  return `${refusals[outcome]}${reason === null ? '' : `: ${inQuotes(reason)}`}`;
}
