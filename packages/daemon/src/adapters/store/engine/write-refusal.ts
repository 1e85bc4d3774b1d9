import type { Clock, Log, UnixMs } from '@ocmesh/shared/ambient';
import { OcmeshError } from '@ocmesh/shared/contract';
import { DiskFull } from './disk-full.ts';

/** Pause between two attempts to find room on a full disk. */
const PROBE_MS = 500;

/**
 * Refuses writes after one failed. A full disk is recoverable: memory goes back to what is on disk, and writing resumes
 * once there is room. After any other failure nobody knows what the disk holds, so the store stops for good.
 */
export interface WriteRefusal {
  /** Why writes are refused; null while they work. */
  current(): { readonly code: 'storage_full' | 'storage_unavailable'; readonly since: UnixMs } | null;
  /** Whether only a new start helps. */
  isFinal(): boolean;
  /**
   * Starts refusing writes.
   * @param sequence transactions that are on disk
   * @returns the error for everyone whose write was not acknowledged
   */
  begin(error: unknown, sequence: number): Promise<OcmeshError>;
  /** Tries to resume, at most once per `PROBE_MS`. @throws OcmeshError while there is no room */
  probe(): Promise<void>;
  /** The attempt under way; null while there is none. */
  probing(): Promise<void> | null;
}

export function createWriteRefusal(deps: {
  readonly clock: Clock;
  readonly log: Log;
  readonly isWriting: () => boolean;
  /** Sets memory back to what is on disk. @param sequence transactions that have to be there */
  readonly restore: (sequence: number) => Promise<void>;
  /** Makes room for new writes; rejects while the disk has none. */
  readonly resume: () => Promise<void>;
  readonly onFailStop: (error: unknown) => void;
}): WriteRefusal {
  const { clock, log } = deps;
  let refusal: ReturnType<WriteRefusal['current']> = null;
  let isFinal = false;
  let probing: Promise<void> | null = null;
  let probedAt = Number.NEGATIVE_INFINITY;

  function stop(error: unknown): void {
    isFinal = true;
    refusal = { code: 'storage_unavailable', since: clock.now() };
    deps.onFailStop(error);
  }

  async function tryToResume(): Promise<void> {
    probedAt = clock.monotonic();
    await deps.resume();
    refusal = null;
    log.info('the store can be written again');
  }

  return {
    current: () => refusal,
    isFinal: () => isFinal,
    probing: () => probing,

    async begin(error, sequence) {
      const isFull = error instanceof DiskFull;
      const cause = isFull ? error.cause : error;
      const code = isFull ? 'storage_full' : 'storage_unavailable';
      log.error('the store could not be written', { reason: String(cause) });
      refusal = { code, since: clock.now() };
      probedAt = clock.monotonic();
      if (isFull) await deps.restore(sequence).catch(stop);
      else stop(error);
      return new OcmeshError(code, { cause });
    },

    async probe() {
      const code = refusal?.code ?? 'storage_full';
      const isTooSoon = deps.isWriting() || clock.monotonic() - probedAt < PROBE_MS;
      if (!probing && isTooSoon) throw new OcmeshError(code);
      probing ??= tryToResume().finally(() => {
        probing = null;
      });
      await probing.catch((cause) => {
        throw new OcmeshError(code, { cause });
      });
    },
  };
}
