import {
  type Cancel,
  type Clock,
  createTimers,
  createTokenBucket,
  dayMs,
  hourMs,
  type Log,
  type MonotonicMs,
  minuteMs,
  pause,
  type Random,
  type TokenBucket,
  toUnixSec,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import { kinds, matchesFilter, type NostrEvent } from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import { type Answer, type Conduct, untested } from '../model/relay.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import { type ConductBook, createConductBook, hasFailed } from './conduct.ts';
import { createLateReturns } from './late-returns.ts';
import { ownRelayLimits } from './limits.ts';
import type { RelayDates } from './relay-dates.ts';
import { findOnRelay, findPresence, type TestResult, testRelay } from './test-relay.ts';
import type { WriteBudget } from './write-budget.ts';

const limits = ownRelayLimits.test;
const writeRate = {
  burst: limits.writesBurst,
  perSecond: ((limits.writesPerDay - limits.writesBurst) * 1000) / dayMs,
};

/** Finds out, and remembers, whether our own relays keep and forward what we write. An OK proves neither. */
export interface RelayTests extends Pick<ConductBook, 'onForwarded' | 'onMissed'> {
  conductOf(url: string): Conduct;
  /** Whether it was last found to drop what it accepts. */
  drops(url: string): boolean;
  /** Whether it failed twice in a row, so that another relay should take its place. */
  fails(url: string): boolean;
  /** Our subscription for messages is open on this relay: tests it soon. */
  onSubscribed(url: string): void;
  onDisconnected(url: string): void;
  /** We write an event of this kind to a peer: kind 4 is tested only then. */
  onWritten(kind: number): void;
  /** Takes an event that a relay sent. @returns whether it is a test event, which is no mail */
  onEvent(raw: unknown, url: string): boolean;
  /** Takes an event that a relay sent behind the EOSE of a query. @returns whether it is a test event, which is no mail */
  onLate(raw: unknown, url: string): boolean;
  /** Tests a relay at once, if it is connected and was not tested too often today. */
  testNow(url: string): void;
  /** A peer should have confirmed a message by now that these relays accepted: tests them now. */
  suspect(urls: readonly string[]): void;
  /**
   * Returns when the last test began that the relay passed in this run: what it accepted before is kept. -Infinity if there
   * was none.
   */
  passedAt(url: string): MonotonicMs;
  /**
   * The peer confirmed a gift wrap that only this relay accepted.
   * @param putsTestOff whether that puts the next test off, for some hours at most: the relay may have forwarded the message
   * without keeping it
   */
  onProof(url: string, putsTestOff?: boolean): void;
  stop(): void;
}

interface Tested {
  readonly writes: TokenBucket;
  testedAt: MonotonicMs;
  /** When the last test began that it passed. */
  passedAt: MonotonicMs;
  cancelNext: Cancel;
  /** Number of connections so far; a test of an earlier one says nothing any more. */
  connection: number;
  running: boolean;
}

export function createRelayTests(deps: {
  readonly identity: Pick<Identity, 'pubkey' | 'testEvent'>;
  readonly network: RelayNetwork;
  readonly clock: Clock;
  /** The date to sign events with: that of the relays while our clock is wrong. */
  readonly correctedNow: () => UnixMs;
  readonly random: Random;
  readonly log: Log;
  readonly budget: WriteBudget;
  readonly dates: Pick<RelayDates, 'refusedNow'>;
  /** Whether we announce ourselves in kind 31337. */
  readonly hasPresence: boolean;
  /** What we know about this relay has changed. */
  readonly onChanged: (url: string) => void;
  /** A test of this relay ended, whatever it showed. */
  readonly onTested: (url: string) => void;
}): RelayTests {
  const { identity, network, random, log, budget, dates, onChanged } = deps;
  const timers = createTimers(deps.clock);
  const { clock } = timers;
  const book = createConductBook({ clock, log, onChanged });
  const events = createTestEvents(deps);
  const late = createLateReturns(clock, events.isOurs);
  const finds = { network, clock, late };
  const tested = new Map<string, Tested>();
  /** When we last wrote a kind 4 event to a peer. */
  let nip04At: MonotonicMs = Number.NEGATIVE_INFINITY;
  let stopped = false;

  function stateOf(url: string): Tested {
    const state = tested.get(url) ?? {
      writes: createTokenBucket(clock, writeRate),
      testedAt: Number.NEGATIVE_INFINITY,
      passedAt: Number.NEGATIVE_INFINITY,
      cancelNext: () => {},
      connection: 0,
      running: false,
    };
    tested.set(url, state);
    return state;
  }

  const writesNip04 = (): boolean => clock.monotonic() - nip04At < dayMs;

  const isOpen = (url: string): boolean =>
    network.relays().some((relay) => relay.url === url && relay.role === 'own' && relay.open);

  function plan(url: string, inMs: number): void {
    const state = stateOf(url);
    state.cancelNext();
    if (!stopped) state.cancelNext = clock.after(inMs, () => void run(url));
  }

  /** Half of the interval is jitter: all agents would otherwise write at the same time. */
  function planRegular(url: string): void {
    const isFailing = book.of(url).keeps.answer === 'no';
    const minutes = isFailing ? limits.failingMinutes : limits.everyMinutes;
    plan(url, minutes * minuteMs * (0.5 + random.unit() / 2));
  }

  async function run(url: string): Promise<void> {
    const state = stateOf(url);
    const { connection } = state;
    const isCurrent = (): boolean => !stopped && state.connection === connection && isOpen(url);
    if (state.running || !isCurrent()) return;
    const codecs = writesNip04() ? (['nip17', 'nip04'] as const) : (['nip17'] as const);
    // A relay that refuses all we write would refuse the test as well, and its day would start again.
    const mayWrite = !budget.isSpared(url) && budget.waitMs(url) === 0;
    if (!mayWrite || !state.writes.take(codecs.length)) return planRegular(url);
    state.running = true;
    const startedAt = clock.monotonic();
    state.testedAt = startedAt;
    const made = codecs.map(events.next);
    const results = await Promise.all(made.map((event) => testOnce(url, event)));
    const presence = deps.hasPresence ? await findPresence(finds, url, identity.pubkey) : untested.presence;
    if (!isCurrent()) return;
    const keeps = worst(results.map((result) => result.keeps));
    const answers = { keeps, forwards: worst(results.map((result) => result.forwards)), presence };
    // A relay that forgot our last test event has to show first that it does not forget this one.
    const isDoubted = keeps.answer === 'yes' && book.failures(url) > 0;
    if (!isDoubted) book.record(url, answers);
    if (keeps.answer === 'yes') {
      const later = await lookAgain(finds, url, made);
      if (!isCurrent()) return;
      if (isDoubted) book.record(url, { ...answers, keeps: later });
      else if (later.answer === 'no') book.record(url, { keeps: later });
      if (later.answer === 'yes') state.passedAt = startedAt;
    }
    state.running = false;
    deps.onTested(url);
    // A first failure is tested again soon: two in a row have consequences.
    if (book.failures(url) === 1) plan(url, limits.confirmSeconds * 1000);
    else planRegular(url);
  }

  async function testOnce(url: string, event: NostrEvent): Promise<TestResult> {
    budget.spend(url);
    const result = await testRelay({ ...finds, hasArrived: events.hasArrived }, url, event);
    if (!dates.refusedNow(url, result.published)) budget.onOutcome(url, result.published);
    return result;
  }

  return {
    conductOf: book.of,
    drops: (url) => book.of(url).keeps.answer === 'no',
    fails: (url) => hasFailed(book.failures(url)),
    onSubscribed(url) {
      const state = stateOf(url);
      state.connection++;
      state.running = false;
      plan(url, limits.firstSeconds * 1000);
    },
    onDisconnected(url) {
      const state = stateOf(url);
      state.connection++;
      state.cancelNext();
    },
    onWritten(kind) {
      if (kind !== kinds.encryptedDm) return;
      // Relays were not tested with kind 4 so far.
      if (!writesNip04()) for (const url of tested.keys()) plan(url, limits.firstSeconds * 1000);
      nip04At = clock.monotonic();
    },
    onEvent: events.onEvent,
    onLate(raw, url) {
      late.add(raw, url);
      return events.isTest(raw);
    },
    testNow: (url) => plan(url, 0),
    suspect(urls) {
      for (const url of urls) {
        const state = tested.get(url);
        const sinceMs = clock.monotonic() - (state?.testedAt ?? Number.NEGATIVE_INFINITY);
        if (state && sinceMs >= limits.suspicionMinutes * minuteMs) plan(url, 0);
      }
    },
    passedAt: (url) => tested.get(url)?.passedAt ?? Number.NEGATIVE_INFINITY,
    onProof(url, putsTestOff = true) {
      // It may have forwarded the message only, which refutes no test.
      if (book.of(url).keeps.answer === 'no') return;
      const reason = 'A peer confirmed a message that only this relay had accepted.';
      book.record(url, { keeps: { answer: 'yes', reason } });
      const { running, passedAt } = stateOf(url);
      const hasPassed = clock.monotonic() - passedAt < limits.receiptHours * hourMs;
      if (putsTestOff && !running && hasPassed && !writesNip04() && isOpen(url)) planRegular(url);
    },
    onForwarded: book.onForwarded,
    onMissed: book.onMissed,
    stop() {
      stopped = true;
      timers.cancelAll();
    },
  };
}

/** Some relays keep events for a minute only. */
async function lookAgain(
  deps: Parameters<typeof findOnRelay>[0],
  url: string,
  made: readonly NostrEvent[],
): Promise<Answer> {
  await pause(deps.clock, limits.againSeconds * 1000);
  const keeps = worst(await Promise.all(made.map((event) => findOnRelay(deps, url, event))));
  const reason = `It forgot a message within ${limits.againSeconds} seconds.`;
  return keeps.answer === 'no' ? { ...keeps, reason } : keeps;
}

/** Makes test events, and knows which relays delivered each. */
function createTestEvents({
  identity,
  correctedNow,
}: {
  readonly identity: Pick<Identity, 'pubkey' | 'testEvent'>;
  readonly correctedNow: () => UnixMs;
}) {
  /** By event id. The oldest are forgotten when there are too many. */
  const arrivals = new Map<string, Set<string>>();
  const ownPresence = { kinds: [kinds.presence], authors: [identity.pubkey] };
  const isTest = (raw: unknown): boolean => arrivals.has((raw as Partial<NostrEvent> | null)?.id ?? '');

  return {
    next(codec: 'nip17' | 'nip04'): NostrEvent {
      const createdAtSec = toUnixSec(correctedNow());
      const expiresAtSec = createdAtSec + limits.expirationSeconds;
      const event = identity.testEvent(codec, { createdAtSec, expiresAtSec });
      arrivals.set(event.id, new Set());
      if (arrivals.size > limits.remembered) arrivals.delete(arrivals.keys().next().value as string);
      return event;
    },
    hasArrived: (eventId: string, url: string): boolean => arrivals.get(eventId)?.has(url) ?? false,
    isTest,
    /** Whether it is one of them, or our presence. */
    isOurs: (raw: unknown): boolean => isTest(raw) || matchesFilter(ownPresence, raw),
    onEvent(raw: unknown, url: string): boolean {
      const id = (raw as Partial<NostrEvent> | null)?.id;
      const from = typeof id === 'string' ? arrivals.get(id) : undefined;
      from?.add(url);
      return from !== undefined;
    },
  };
}

/** Returns the answer that has consequences. */
const worst = (answers: readonly Answer[]): Answer =>
  answers.find(({ answer }) => answer === 'no') ??
  answers.find(({ answer }) => answer === 'unknown') ??
  (answers[0] as Answer);
