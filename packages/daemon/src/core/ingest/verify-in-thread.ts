import { type Clock, pause } from '@ocmesh/shared/ambient';
import type { NostrEvent } from '@ocmesh/shared/wire';
import type { CryptoEngine } from '../ports/crypto-engine.ts';
import type { SignatureChecks } from '../ports/signature-checks.ts';
import { ingestLimits } from './limits.ts';

/** So many at once that handing them over costs little, and so few that the answers are soon back. */
const BATCH = 32;
/** As many waiting events as take about 60 ms to check: fewer are not worth another thread. */
const MANY = 256;
/** Events that we checked meanwhile, behind those that are beside: a third of theirs, as we have more to do. */
const OWN = ingestLimits.verificationsInThread / 3;

export interface ThreadVerifier<Job> {
  /** Whether the next one has to go this way: many wait, or others that came before are there. */
  isDue(waiting: number): boolean;
  /** Where the next one is to be checked: beside, or here where enough are beside; null when it has to wait. */
  room(): 'beside' | 'here' | null;
  add(job: Job): void;
  /** One that was checked here has its effect after those before it. */
  addChecked(job: Job, answer: boolean): void;
  /** Hands over what gathered. */
  flush(): void;
}

/** Hands waiting events over in batches, and gives the answers back in the order in which the events came. */
export function createThreadVerifier<Job extends { readonly event: NostrEvent }>(deps: {
  readonly engine: Pick<CryptoEngine, 'verify'>;
  readonly checks: SignatureChecks | undefined;
  readonly clock: Pick<Clock, 'after'>;
  readonly onChecked: (jobs: readonly Job[], answers: readonly boolean[]) => void;
}): ThreadVerifier<Job> {
  const { engine, checks, clock, onChecked } = deps;
  let gathered: Job[] = [];
  let own: { job: Job; answer: boolean }[] = [];
  const underWay = { beside: 0, own: 0 };
  /** Settles when all that was handed over before has had its effect. */
  let last = Promise.resolve();

  async function follow(
    of: keyof typeof underWay,
    jobs: readonly Job[],
    answers: readonly boolean[] | Promise<readonly boolean[] | null>,
  ): Promise<void> {
    const before = last;
    underWay[of] += jobs.length;
    const found = await answers;
    await before;
    // One batch a turn, however many answers are there: to open them takes longer than to check them did.
    await pause(clock, 0);
    underWay[of] -= jobs.length;
    onChecked(jobs, found ?? jobs.map(({ event }) => engine.verify(event)));
  }

  const check = async (events: readonly NostrEvent[]): Promise<readonly boolean[] | null> =>
    (await checks?.check(events).catch(() => null)) ?? null;

  function flush(): void {
    // One of the two is empty: whichever came second flushed the first.
    if (gathered.length > 0) {
      const jobs = gathered;
      gathered = [];
      last = follow('beside', jobs, check(jobs.map(({ event }) => event)));
    }
    if (own.length > 0) {
      const checked = own;
      own = [];
      last = follow(
        'own',
        checked.map(({ job }) => job),
        checked.map(({ answer }) => answer),
      );
    }
  }

  const isReady = (): boolean => checks?.isReady() === true;
  const isBusy = (): boolean => underWay.beside + underWay.own + gathered.length + own.length > 0;

  return {
    isDue: (waiting) => isBusy() || (waiting >= MANY && isReady()),
    room() {
      const isFull = underWay.beside + gathered.length >= ingestLimits.verificationsInThread;
      // Nobody is asked to get ready for the first of a few; after the first of many, it may have failed.
      if (!isFull && (!isBusy() || isReady())) return 'beside';
      return underWay.own + own.length < OWN ? 'here' : null;
    },
    add(job) {
      if (own.length > 0) flush();
      gathered.push(job);
      if (gathered.length >= BATCH) flush();
    },
    addChecked(job, answer) {
      if (gathered.length > 0) flush();
      own.push({ job, answer });
    },
    flush,
  };
}
