import type { NostrEvent } from '@ocmesh/shared/wire';
import { type Refused, refuse } from '../model/verdict.ts';
import type { Correspondents } from '../trust/correspondents.ts';
import type { VerificationRates } from '../trust/verification-rates.ts';
import { createFairQueue } from './fair-queue.ts';
import { isSealed } from './gate.ts';
import type { Candidate, Inspected } from './inspect.ts';
import { ingestLimits } from './limits.ts';

export interface Job extends Candidate {
  /** Backfill only: collects what may be applied, or null, instead of applying it. */
  readonly collect?: (inspected: Inspected | null) => void;
}

/** Events that wait to be inspected. */
export interface IngestQueues {
  push(event: NostrEvent, url: string): void;
  pushBackfill(event: NostrEvent, url: string, collect: NonNullable<Job['collect']>): void;
  /** Takes out the next one: correspondents first, then live events and backfill in turn. */
  next(): Job | undefined;
  count(): number;
  clear(): void;
}

export function createIngestQueues(deps: {
  readonly correspondents: Correspondents;
  readonly verificationRates: VerificationRates;
  readonly onRefused: (refusal: Refused, job: Job) => void;
}): IngestQueues {
  const { correspondents, verificationRates, onRefused } = deps;
  /** Events of correspondents. */
  const reserved = createFairQueue<Job>();
  /** One queue for each relay and for sealed and public events, so that a flood delays only its own kind. */
  const live = createFairQueue<Job>();
  const backfill = createFairQueue<Job>();
  let isBackfillsTurn = false;

  const isOverfull = (): boolean =>
    reserved.count() + live.count() > ingestLimits.queuedEvents ||
    reserved.bytes() + live.bytes() > ingestLimits.queuedBytes;

  return {
    push(event, url) {
      // A gift wrap is signed by a single-use key: it is never reserved.
      const isReserved = correspondents.has(event.pubkey) && verificationRates.takeReserved(url);
      const job: Job = { event, url, isBackfill: false, isReserved };
      const queue = isReserved ? reserved : live;
      queue.push(`${isSealed(event) ? 'sealed' : 'public'} ${url}`, job, sizeOf(event));
      while (isOverfull()) {
        const full = live.count() > 0 ? live : reserved;
        const last = full.pop(full.longest() ?? '');
        if (last) onRefused(refuse('overloaded'), last);
      }
    },
    // Not bounded here: catch-up limits how many bytes it asks for.
    pushBackfill: (event, url, collect) =>
      backfill.push(url, { event, url, isBackfill: true, isReserved: false, collect }, 0),
    next() {
      isBackfillsTurn = !isBackfillsTurn;
      const [first, second] = isBackfillsTurn ? [backfill, live] : [live, backfill];
      return reserved.shift() ?? first.shift() ?? second.shift();
    },
    count: () => reserved.count() + live.count() + backfill.count(),
    clear() {
      for (const queue of [reserved, live, backfill]) queue.clear();
    },
  };
}

/** Estimates the memory an event takes: its characters, and a little for each part, so that empty parts are not free. */
const sizeOf = ({ content, tags }: NostrEvent): number =>
  tags.reduce((sum, tag) => tag.reduce((total, part) => total + part.length + 8, sum), content.length + 300);
