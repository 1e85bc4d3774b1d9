import { type Cancel, type Clock, hourMs, minuteMs } from '@ocmesh/shared/ambient';
import type { RelayInfo } from '../../core/ports/relay-network.ts';
import { fetchRelayInfo } from './info.ts';
import { nostrLimits } from './limits.ts';
import type { RemoteClock } from './remote-clock.ts';

/** One relay's NIP-11 document, asked for rarely. */
export interface InfoSource {
  current(): RelayInfo | null;
  /** Asks unless the last answer is still good. */
  refresh(): void;
  /** The next `refresh` asks in any case. */
  expire(): void;
  stop(): void;
}

export function createInfoSource(deps: {
  readonly url: string;
  readonly clock: Clock;
  readonly remoteClock: RemoteClock;
  readonly onInfo: (info: RelayInfo) => void;
}): InfoSource {
  const { url, clock, remoteClock, onInfo } = deps;
  let info: RelayInfo | null = null;
  let goodUntil = Number.NEGATIVE_INFINITY;
  let cancel: Cancel = () => {};

  async function ask(): Promise<void> {
    const impatience = new AbortController();
    const askedAt = clock.monotonic();
    const cancelTimer = clock.after(nostrLimits.info.ms, () => impatience.abort());
    const abandon = (): void => {
      cancelTimer();
      impatience.abort();
    };
    cancel = abandon;
    const answer = await fetchRelayInfo(url, impatience.signal);
    cancelTimer();
    // Somebody asked anew, or it is over.
    if (cancel !== abandon) return;
    cancel = () => {};
    remoteClock.note(answer.date, askedAt);
    if (!answer.info) return;
    info = answer.info;
    goodUntil = askedAt + nostrLimits.info.hours * hourMs;
    onInfo(info);
  }

  return {
    current: () => info,
    refresh() {
      if (clock.monotonic() < goodUntil) return;
      goodUntil = clock.monotonic() + nostrLimits.info.retryMinutes * minuteMs;
      cancel();
      void ask();
    },
    expire() {
      goodUntil = Number.NEGATIVE_INFINITY;
    },
    stop() {
      cancel();
      cancel = () => {};
    },
  };
}
