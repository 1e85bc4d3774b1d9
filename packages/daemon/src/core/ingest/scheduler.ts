import type { Cancel, Clock } from '@ocmesh/shared/ambient';
import type { Refused, Verdict } from '../model/verdict.ts';
import type { CryptoEngine } from '../ports/crypto-engine.ts';
import type { SignatureChecks } from '../ports/signature-checks.ts';
import type { Applicable } from './apply.ts';
import type { Inspected, Inspector } from './inspect.ts';
import { ingestLimits } from './limits.ts';
import type { IngestQueues, Job } from './queues.ts';
import { createThreadVerifier } from './verify-in-thread.ts';

/** Prechecks that take about as long as one signature check. */
const PRECHECKS_PER_VERIFICATION = 16;
/** Effort of one turn of the event loop, counted in prechecks. */
const EFFORT_PER_TURN = ingestLimits.verificationsPerTurn * PRECHECKS_PER_VERIFICATION;

/** Inspects queued events, a few per turn of the event loop: a flood may fill the queues but not block the process. */
export interface Scheduler {
  /** Works until this turn's effort is spent, and goes on in the next one. */
  work(): void;
  stop(): void;
}

export function createScheduler(deps: {
  readonly engine: Pick<CryptoEngine, 'verify'>;
  readonly signatureChecks: SignatureChecks | undefined;
  readonly clock: Clock;
  readonly queues: IngestQueues;
  readonly inspector: Inspector;
  readonly onRefused: (refusal: Refused, job: Job) => void;
  /** Applies the live events that one turn accepted. */
  readonly apply: (batch: readonly Applicable[]) => void;
}): Scheduler {
  const { engine, clock, queues, inspector, onRefused, apply } = deps;
  const thread = createThreadVerifier<Job>({ engine, checks: deps.signatureChecks, clock, onVerified });
  /** Effort that is left in this turn. */
  let effort = EFFORT_PER_TURN;
  let cancelTurn: Cancel | null = null;
  let stopped = false;

  function work(): void {
    const batch: Applicable[] = [];
    for (;;) {
      // Asked first: a thread that has to get ready does so during this turn.
      const isThreadDue = thread.isDue(queues.count());
      const place = thread.nextPlace();
      const job = effort > 0 && place ? queues.next() : undefined;
      if (!job) break;
      effort--;
      const prechecked = inspector.precheck(job);
      if ('refused' in prechecked) settle(job, prechecked, batch);
      else if (isThreadDue && place === 'thread') thread.add(job);
      else {
        effort -= PRECHECKS_PER_VERIFICATION;
        const isAuthentic = engine.verify(job.event);
        if (isThreadDue) thread.addVerified(job, isAuthentic);
        else settle(job, inspector.open(job, isAuthentic), batch);
      }
    }
    if (batch.length > 0) apply(batch);
    cancelTurn ??= clock.after(0, nextTurn);
  }

  function nextTurn(): void {
    cancelTurn = null;
    effort = EFFORT_PER_TURN;
    thread.flush();
    // If there is no place, `onVerified` continues.
    if (queues.count() > 0 && thread.nextPlace()) work();
  }

  function onVerified(jobs: readonly Job[], areAuthentic: readonly boolean[]): void {
    if (stopped) return;
    const batch: Applicable[] = [];
    for (const [n, job] of jobs.entries()) settle(job, inspector.open(job, areAuthentic[n] === true), batch);
    if (batch.length > 0) apply(batch);
    work();
  }

  /** Reports a refusal; gives backfill to its collector, and adds a live event to the batch. */
  function settle(job: Job, verdict: Refused | Verdict<Inspected>, batch: Applicable[]): void {
    if ('refused' in verdict) onRefused(verdict, job);
    const inspected = 'ok' in verdict ? verdict.ok : null;
    if (job.collect) job.collect(inspected);
    else if (inspected) batch.push({ ...inspected, url: job.url, isBackfill: false });
  }

  return {
    work,
    stop() {
      stopped = true;
      cancelTurn?.();
    },
  };
}
