import {
  type Cancel,
  type Clock,
  every,
  hourMs,
  type Log,
  type MonotonicMs,
  minuteMs,
} from '@ocmesh/shared/ambient';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { applyChoices, type ConfiguredRelays, chooseRelays } from './choose-relays.ts';
import { ownRelayLimits } from './limits.ts';

const CHECK_MS = 60_000;
const FAILING_MS = ownRelayLimits.default.failingMinutes * minuteMs;
const BENCH_MS = ownRelayLimits.default.benchHours * hourMs;
const TRIAL_MS = ownRelayLimits.default.trialMinutes * minuteMs;

/** Our own relays: those of the configuration, plus and minus those the owner added and removed. */
export interface RelayList {
  /** Returns the relays in use, in order. */
  urls(): readonly string[];
  /** Returns the candidates that are not in use; none if the owner configured relays. */
  spare(): readonly string[];
  /**
   * Resolves when the choice is on disk. A relay that is already in use keeps its place.
   * @param url in normal form
   * @returns whether it was new
   */
  add(url: string): Promise<boolean>;
  /** Resolves when the choice is on disk. @returns whether the relay was on the list */
  remove(url: string): Promise<boolean>;
  /** Replaces failing candidates now. */
  check(): void;
  start(): void;
  stop(): void;
}

/**
 * Chooses our own relays. A configured list is used as a whole. Of the candidates, which all agents have in the same
 * order, the first healthy ones are used: one that fails for an hour is benched, the next takes its place, and a day
 * later it gets a trial.
 */
export function createRelayList(
  deps: {
    readonly store: Store;
    readonly network: RelayNetwork;
    readonly clock: Clock;
    readonly log: Log;
    /** Whether a relay refuses everything we write. */
    readonly refusesUs: (url: string) => boolean;
    /** Whether it drops what it accepts. */
    readonly failsTests: (url: string) => boolean;
    readonly onChanged: () => void;
  },
  options: ConfiguredRelays,
): RelayList {
  const { store, network, clock, log } = deps;
  const healthyAt = new Map<string, MonotonicMs>();
  const benchedAt = new Map<string, MonotonicMs>();
  const trialSince = new Map<string, MonotonicMs>();
  warnOfRemoved();
  let inUse = choose();
  let cancel: Cancel = () => {};

  function choices() {
    return store.peek((tables) => tables.relayChoices.list());
  }

  function warnOfRemoved(): void {
    for (const { url, wanted } of choices()) {
      if (wanted || !options.named?.includes(url)) continue;
      log.warn(`relay ${url} is not used: the owner removed it from the list`, {
        next_step: `\`ocmesh relays add ${url}\` adds it again`,
      });
    }
  }

  function choose(): string[] {
    return chooseRelays(
      options,
      choices(),
      (url) => benchedAt.has(url),
      (url) => trialSince.has(url),
    );
  }

  function apply(): void {
    const next = choose();
    if (next.join() === inUse.join()) return;
    inUse = next;
    for (const url of next) if (!healthyAt.has(url)) healthyAt.set(url, clock.monotonic());
    network.use(next);
    deps.onChanged();
  }

  function check(): void {
    if (options.named !== null) return;
    const now = clock.monotonic();
    const relays = network.relays().filter(({ role }) => role === 'own');
    const healthy = relays.filter(
      ({ url, state }) => state === 'connected' && !deps.refusesUs(url) && !deps.failsTests(url),
    );
    // If none is healthy, our network is to blame, and the time does not count against them.
    if (healthy.length === 0) for (const { url } of relays) healthyAt.set(url, now);
    for (const { url } of healthy) healthyAt.set(url, now);
    // Nothing is known about a relay that our proxy does not let us reach.
    for (const { url, isProxyDown } of relays) if (isProxyDown) healthyAt.set(url, now);
    for (const url of inUse) benchOrRestore(url, now);
    for (const [url, since] of benchedAt) {
      if (now - since < BENCH_MS || trialSince.has(url)) continue;
      trialSince.set(url, now);
      healthyAt.set(url, Number.NEGATIVE_INFINITY);
    }
    apply();
  }

  function benchOrRestore(url: string, now: MonotonicMs): void {
    const lastHealthy = healthyAt.get(url) ?? now;
    const trial = trialSince.get(url);
    if (trial === undefined) {
      const isDropping = deps.failsTests(url);
      if ((now - lastHealthy < FAILING_MS && !isDropping) || !options.candidates.includes(url)) return;
      const why = isDropping ? 'relay drops what it accepts' : 'relay failing for an hour';
      log.warn(`${why}: the next candidate takes its place`, { relay: url });
      benchedAt.set(url, now);
    } else if (now - trial >= TRIAL_MS) {
      trialSince.delete(url);
      if (now - lastHealthy < CHECK_MS * 2) benchedAt.delete(url);
      else benchedAt.set(url, now);
    }
  }

  async function recordChoice(url: string, isWanted: boolean): Promise<void> {
    await store.transaction((tables) => tables.relayChoices.put(url, isWanted, clock.now()));
    benchedAt.delete(url);
    trialSince.delete(url);
    apply();
  }

  return {
    urls: () => inUse,
    spare() {
      if (options.named !== null) return [];
      return applyChoices(options, choices()).pool.filter(
        (url) => !inUse.includes(url) && !benchedAt.has(url),
      );
    },
    async add(url) {
      if (inUse.includes(url)) return false;
      await recordChoice(url, true);
      return true;
    },
    async remove(url) {
      const { pool, added } = applyChoices(options, choices());
      if (!pool.includes(url) && !added.includes(url)) return false;
      await recordChoice(url, false);
      return true;
    },
    check,
    start() {
      for (const url of inUse) healthyAt.set(url, clock.monotonic());
      if (options.named === null) cancel = every(clock, CHECK_MS, check);
    },
    stop: () => cancel(),
  };
}
