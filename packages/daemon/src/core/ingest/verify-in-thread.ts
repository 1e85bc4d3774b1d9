import { type Clock, pause } from '@ocmesh/shared/ambient';
import type { NostrEvent } from '@ocmesh/shared/wire';
import type { CryptoEngine } from '../ports/crypto-engine.ts';
import type { SignatureChecks } from '../ports/signature-checks.ts';
import { ingestLimits } from './limits.ts';

/** Events handed over at once: amortizes the thread hop without adding much latency. */
const BATCH = 32;
/** Queued events that take about 60 ms to verify: fewer are not worth another thread. */
const WORTH_A_THREAD = 256;
/** Most events verified here that wait for earlier ones in the thread: a third of its share, as this thread has more to do. */
const MAX_HERE = ingestLimits.verificationsInThread / 3;

export interface ThreadVerifier<Job> {
  /** Whether the next job has to go this way, because many are queued or because earlier jobs are still under way. */
  isDue(queued: number): boolean;
  /** Where to verify the next job: here if the thread has enough; null if it has to wait. */
  nextPlace(): 'thread' | 'here' | null;
  add(job: Job): void;
  /** Adds a job that was verified here. It is reported after those before it. */
  addVerified(job: Job, isAuthentic: boolean): void;
  /** Hands over the gathered jobs. */
  flush(): void;
}

/** Hands jobs to another thread in batches, and reports the results in the order in which the jobs came. */
export function createThreadVerifier<Job extends { readonly event: NostrEvent }>(deps: {
  readonly engine: Pick<CryptoEngine, 'verify'>;
  readonly checks: SignatureChecks | undefined;
  readonly clock: Pick<Clock, 'after'>;
  readonly onVerified: (jobs: readonly Job[], areAuthentic: readonly boolean[]) => void;
}): ThreadVerifier<Job> {
  const { engine, checks, clock, onVerified } = deps;
  let forThread: Job[] = [];
  let verifiedHere: { job: Job; isAuthentic: boolean }[] = [];
  const underWay = { thread: 0, here: 0 };
  /** Settles after all earlier batches have been reported. */
  let last = Promise.resolve();

  async function follow(
    place: keyof typeof underWay,
    jobs: readonly Job[],
    results: readonly boolean[] | Promise<readonly boolean[] | null>,
  ): Promise<void> {
    const before = last;
    underWay[place] += jobs.length;
    const areAuthentic = await results;
    await before;
    // One batch per turn, however many results are there: opening events takes longer than verifying them.
    await pause(clock, 0);
    underWay[place] -= jobs.length;
    onVerified(jobs, areAuthentic ?? jobs.map(({ event }) => engine.verify(event)));
  }

  const check = async (events: readonly NostrEvent[]): Promise<readonly boolean[] | null> =>
    (await checks?.check(events).catch(() => null)) ?? null;

  function flush(): void {
    // At most one of the two has jobs: adding to one flushes the other.
    if (forThread.length > 0) {
      const jobs = forThread;
      forThread = [];
      last = follow('thread', jobs, check(jobs.map(({ event }) => event)));
    }
    if (verifiedHere.length > 0) {
      const verified = verifiedHere;
      verifiedHere = [];
      last = follow(
        'here',
        verified.map(({ job }) => job),
        verified.map(({ isAuthentic }) => isAuthentic),
      );
    }
  }

  const isReady = (): boolean => checks?.isReady() === true;
  const isBusy = (): boolean => underWay.thread + underWay.here + forThread.length + verifiedHere.length > 0;

  return {
    isDue: (queued) => isBusy() || (queued >= WORTH_A_THREAD && isReady()),
    nextPlace() {
      const isFull = underWay.thread + forThread.length >= ingestLimits.verificationsInThread;
      // While idle the thread is not asked to get ready: a few events do not need it. While busy it may have failed.
      if (!isFull && (!isBusy() || isReady())) return 'thread';
      return underWay.here + verifiedHere.length < MAX_HERE ? 'here' : null;
    },
    add(job) {
      if (verifiedHere.length > 0) flush();
      forThread.push(job);
      if (forThread.length >= BATCH) flush();
    },
    addVerified(job, isAuthentic) {
      if (forThread.length > 0) flush();
      verifiedHere.push({ job, isAuthentic });
    },
    flush,
  };
}
