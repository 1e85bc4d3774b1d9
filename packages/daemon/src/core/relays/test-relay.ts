import { type Clock, pause, pollUntil } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type Filter, kinds, matchesFilter, type NostrEvent } from '@ocmesh/shared/wire';
import type { Answer } from '../model/relay.ts';
import type { PublishOutcome, RelayNetwork } from '../ports/relay-network.ts';
import type { LateReturns } from './late-returns.ts';
import { ownRelayLimits } from './limits.ts';

const { settleSeconds, findSeconds, findEverySeconds, lateMs } = ownRelayLimits.test;

/** How long a relay gets to do what its OK promised. */
export interface TestPace {
  /** Milliseconds before it is asked. */
  readonly settleMs: number;
  /** Milliseconds for which it is asked again before it counts as one that drops. */
  readonly forMs: number;
  readonly everyMs: number;
}

/** For tests in the background: a relay that stores in batches needs a moment, and nobody waits. */
const patient: TestPace = {
  settleMs: settleSeconds * 1000,
  forMs: findSeconds * 1000,
  everyMs: findEverySeconds * 1000,
};

/** What one test event showed about a relay. */
export interface TestResult {
  readonly published: PublishOutcome;
  readonly keeps: Answer;
  readonly forwards: Answer;
}

interface Deps {
  readonly network: Pick<RelayNetwork, 'publish' | 'query' | 'relays'>;
  readonly clock: Clock;
  /** Whether our subscription for messages on this relay delivered the event. */
  readonly hasArrived: (eventId: string, url: string) => boolean;
  readonly late: Pick<LateReturns, 'since'>;
}

type Finds = Pick<Deps, 'network' | 'clock' | 'late'>;

/** Publishes a test event to one relay, and finds out whether the relay keeps and forwards it. Never throws. */
export async function testRelay(
  deps: Deps,
  url: string,
  event: NostrEvent,
  pace: TestPace = patient,
): Promise<TestResult> {
  const { network, clock, hasArrived } = deps;
  const published = await network.publish(url, event);
  if (published.outcome !== 'accepted') {
    const unknown: Answer = { answer: 'unknown', reason: whyUnknown(published) };
    return { published, keeps: unknown, forwards: unknown };
  }
  // Relays store and forward after their OK.
  await pause(clock, pace.settleMs);
  let keeps = await findOnRelay(deps, url, event);
  await pollUntil(clock, pace, async () => {
    if (keeps.answer !== 'yes') keeps = await findOnRelay(deps, url, event);
    return keeps.answer === 'yes' && hasArrived(event.id, url) ? true : null;
  });
  return { published, keeps, forwards: forwards(deps, url, event) };
}

/** Asks the relay for the event with the filter by which we fetch our messages. */
export async function findOnRelay(deps: Finds, url: string, event: NostrEvent): Promise<Answer> {
  const at = event.created_at;
  const filter = { kinds: [event.kind], '#p': recipientsOf(event), since: at, until: at };
  const { complete, isFound } = await find(deps, url, filter, (each) => isSame(each, event));
  if (isFound) return yes;
  return complete
    ? { answer: 'no', reason: `It answers OK to ${nameOf(event)}, and does not return it.` }
    : { answer: 'unknown', reason: `It did not answer when asked for ${nameOf(event)}.` };
}

/** Asks the relay for our presence, which it accepted earlier. */
export async function findPresence(deps: Finds, url: string, self: Pubkey): Promise<Answer> {
  const filter = { kinds: [kinds.presence], authors: [self], limit: 1 };
  const { complete, isFound } = await find(deps, url, filter, (each) => matchesFilter(filter, each));
  if (isFound) return yes;
  return complete
    ? { answer: 'no', reason: 'It does not return our presence: agents cannot find us there.' }
    : { answer: 'unknown', reason: 'It did not answer when asked for our presence.' };
}

/** Asks for an event, and waits a moment for what comes behind the EOSE. */
async function find(
  { network, clock, late }: Finds,
  url: string,
  filter: Filter,
  isMeant: (raw: unknown) => boolean,
): Promise<{ readonly complete: boolean; readonly isFound: boolean }> {
  const askedAt = clock.monotonic();
  const { complete, events } = await network.query(url, [filter]);
  if (events.some(isMeant)) return { complete, isFound: true };
  if (complete) await pause(clock, lateMs);
  return { complete, isFound: late.since(url, askedAt).some(isMeant) };
}

/** An event that was altered is of no use: its signature is invalid. */
function isSame(raw: unknown, event: NostrEvent): boolean {
  const found = raw as Partial<NostrEvent> | null;
  return found?.id === event.id && found.sig === event.sig && found.content === event.content;
}

const yes: Answer = { answer: 'yes', reason: null };

function forwards({ network, hasArrived }: Deps, url: string, event: NostrEvent): Answer {
  if (hasArrived(event.id, url)) return yes;
  const isSubscribed = network.relays().some((relay) => relay.url === url && relay.carriesDms);
  return isSubscribed
    ? { answer: 'no', reason: `It does not send ${nameOf(event)} to our open subscription.` }
    : { answer: 'unknown', reason: 'It has no open subscription of ours for messages.' };
}

const recipientsOf = (event: NostrEvent): string[] =>
  event.tags.flatMap(([name, value]) => (name === 'p' && value !== undefined ? [value] : []));

const nameOf = ({ kind }: NostrEvent): string => (kind === kinds.giftWrap ? 'a gift wrap' : `kind ${kind}`);

function whyUnknown({ outcome, reason }: PublishOutcome): string {
  if (outcome === 'rejected') return `It refused the test event: ${reason ?? 'without a reason'}`;
  return outcome === 'timeout' ? 'It did not respond to the test event.' : 'It is not connected.';
}
