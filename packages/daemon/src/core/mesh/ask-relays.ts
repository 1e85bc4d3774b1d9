import {
  type Clock,
  createTokenBucket,
  type Rate,
  settlesWithin,
  type TokenBucket,
  toUnixSec,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type Filter, labelFilter, presenceFilter, textFilter } from '@ocmesh/shared/wire';
import type { Pipeline } from '../ingest/pipeline.ts';
import type { RelayNetwork, RelaySnapshot } from '../ports/relay-network.ts';
import { meshLimits } from './limits.ts';
import { rendezvous } from './rendezvous.ts';

const { search, lookUp } = meshLimits;

/** Asks our relays for presences. Each call resolves when they are stored, or after a moment. */
export interface AskRelays {
  /**
   * Those of agents online now with one of these labels, or in which these words occur where the relay can search (NIP-50).
   * @returns how many relays answered, and when: now, or earlier if there were too many searches. null if none was ever asked
   */
  question(labels: readonly string[], words: string): Promise<Answers | null>;
  /** The newest one of this key, however old. */
  author(pubkey: Pubkey): Promise<void>;
  /** Those of keys that start with these digits. */
  handle(digits: string): Promise<void>;
}

/** Relays that answered a question. */
export interface Answers {
  readonly relays: number;
  readonly atMs: UnixMs;
}

interface Question {
  readonly url: string;
  readonly filters: readonly Filter[];
}

const SEARCH_NIP = 50;

export function createAskRelays(
  deps: {
    readonly network: RelayNetwork;
    readonly clock: Clock;
    readonly correctedNow: () => UnixMs;
    /** Checks and stores what the relays sent, as with any other event. */
    readonly ingest: Pipeline['ingestBackfill'];
    readonly onReceived: (bytes: number, events: number) => void;
  },
  { lookBackMs }: { readonly lookBackMs: () => number },
): AskRelays {
  const { network, clock, ingest } = deps;
  const bucketOf = ({ burst, perMinute }: { burst: number; perMinute: number }): TokenBucket =>
    createTokenBucket(clock, { burst, perSecond: perMinute / 60 } satisfies Rate);
  const searches = bucketOf(search);
  const lookUps = bucketOf(lookUp);

  /** When the relays were last asked a question, and how many answered. */
  const answers = new Map<string, Answers>();

  async function askOne(url: string, filters: readonly Filter[], rows: number): Promise<boolean> {
    const result = await network.query(url, filters);
    deps.onReceived(result.bytes, result.rows);
    // A relay may ignore the limit.
    await ingest(result.events.slice(0, rows), url);
    return result.complete;
  }

  /** @returns how many relays answered in time */
  async function ask(questions: readonly Question[], waitMs: number): Promise<number> {
    let answered = 0;
    const asked = questions.slice(0, search.relays).map(async ({ url, filters }) => {
      const rows = Math.max(...filters.map(({ limit }) => limit ?? 1));
      if (await askOne(url, filters, rows)) answered++;
    });
    // What comes later is stored as well, for the next question.
    await settlesWithin(clock, waitMs, Promise.all(asked));
    return answered;
  }

  const openOwn = (): RelaySnapshot[] => network.relays().filter(({ open, role }) => open && role === 'own');
  const openRelays = (): string[] => openOwn().map(({ url }) => url);
  const toAll = (urls: readonly string[], filter: Filter): Question[] =>
    urls.map((url) => ({ url, filters: [filter] }));

  /** Returns what to ask each relay: by label, and by word if it can search. */
  function questionsFor(labels: readonly string[], words: string): Question[] {
    const { rowsPerRelay } = search;
    return openOwn().flatMap(({ url, info }) => {
      const filters = [
        ...(labels.length > 0 ? [labelFilter(labels, sinceSec(), rowsPerRelay)] : []),
        ...(info?.supportedNips.includes(SEARCH_NIP) ? [textFilter(words, sinceSec(), rowsPerRelay)] : []),
      ];
      return filters.length > 0 ? [{ url, filters }] : [];
    });
  }

  function remember(question: string, relays: number): Answers {
    const now = { relays, atMs: deps.correctedNow() };
    answers.delete(question);
    answers.set(question, now);
    if (answers.size > search.remembered) answers.delete(answers.keys().next().value as string);
    return now;
  }

  const sinceSec = (): number => toUnixSec(deps.correctedNow() - lookBackMs());

  return {
    async question(labels, words) {
      const name = [...labels, words].join(' ');
      const questions = questionsFor(labels, words);
      if (questions.length === 0 || !searches.take()) return answers.get(name) ?? null;
      return remember(name, await ask(questions, search.waitMs));
    },
    async author(pubkey) {
      const urls = rendezvous(pubkey, openRelays());
      if (urls.length === 0 || !lookUps.take()) return;
      await ask(toAll(urls, presenceFilter({ authors: [pubkey], limit: 1 })), lookUp.waitMs);
    },
    async handle(digits) {
      const urls = openRelays();
      if (urls.length === 0 || !lookUps.take()) return;
      await ask(toAll(urls, labelFilter([digits], sinceSec(), lookUp.rowsPerRelay)), lookUp.waitMs);
    },
  };
}
