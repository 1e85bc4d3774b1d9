import { limits } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';
import type { CryptoEngine } from '../ports/crypto-engine.ts';
import type { SignatureChecks } from '../ports/signature-checks.ts';

/** So many at once that handing them over costs little, and so few that the answers are soon back. */
const BATCH = 32;
/** As many waiting events as take about 60 ms to check: fewer are not worth another thread. */
const MANY = 256;

export interface CheckBeside<Job> {
  /** Whether the next one has to be checked beside the event loop: many wait, or others that came before are there. */
  isDue(waiting: number): boolean;
  hasRoom(): boolean;
  add(job: Job): void;
  /** Hands over what gathered. */
  flush(): void;
}

/** Hands waiting events over in batches, and gives the answers back in the order in which the events came. */
export function createCheckBeside<Job extends { readonly event: NostrEvent }>(deps: {
  readonly engine: Pick<CryptoEngine, 'verify'>;
  readonly checks: SignatureChecks | undefined;
  readonly onChecked: (jobs: readonly Job[], answers: readonly boolean[]) => void;
}): CheckBeside<Job> {
  const { engine, checks, onChecked } = deps;
  let gathered: Job[] = [];
  let underWay = 0;

  async function handOver(jobs: readonly Job[]): Promise<void> {
    const events = jobs.map(({ event }) => event);
    underWay += jobs.length;
    const answers = await checks?.check(events).catch(() => null);
    underWay -= jobs.length;
    onChecked(jobs, answers ?? events.map(engine.verify));
  }

  function flush(): void {
    if (gathered.length === 0) return;
    const jobs = gathered;
    gathered = [];
    void handOver(jobs);
  }

  return {
    isDue: (waiting) =>
      underWay + gathered.length > 0 || (waiting >= MANY && checks !== undefined && checks.isReady()),
    hasRoom: () => underWay + gathered.length < limits.verificationsBeside,
    add(job) {
      gathered.push(job);
      if (gathered.length >= BATCH) flush();
    },
    flush,
  };
}
