import { type Cancel, type Clock, hourMs, type MonotonicMs, minuteMs } from '@ocmesh/shared/ambient';
import type { RelayInfo } from '../../core/ports/relay-network.ts';
import { fetchRelayInfo, type InfoResponse } from './info.ts';
import { nostrLimits } from './limits.ts';
import type { Dialer } from './proxy/dialer.ts';
import type { RemoteClock } from './remote-clock.ts';

/** Fetches the NIP-11 document of a relay. */
export type FetchInfo = (url: string, signal: AbortSignal, dialer: Dialer) => Promise<InfoResponse>;

/** One relay's NIP-11 document, fetched rarely. */
export interface InfoCache {
  current(): RelayInfo | null;
  /** Fetches the document unless the last response is still fresh. */
  refresh(): void;
  /** Makes the next `refresh` fetch in any case. */
  expire(): void;
  stop(): void;
}

export function createInfoCache(deps: {
  readonly url: string;
  readonly clock: Clock;
  readonly dialer: Dialer;
  readonly remoteClock: RemoteClock;
  readonly fetchInfo?: FetchInfo | undefined;
  readonly onInfo: (info: RelayInfo) => void;
}): InfoCache {
  const { url, clock, dialer, remoteClock, onInfo, fetchInfo: fetchDocument = fetchRelayInfo } = deps;
  const timeoutMs = nostrLimits.info.ms + (dialer.usesProxy(url) ? nostrLimits.proxy.tunnelMs : 0);
  let info: RelayInfo | null = null;
  let freshUntil: MonotonicMs = Number.NEGATIVE_INFINITY;
  let cancel: Cancel = () => {};

  async function fetchInfo(): Promise<void> {
    const controller = new AbortController();
    const askedAt = clock.monotonic();
    const cancelTimer = clock.after(timeoutMs, () => controller.abort());
    const abandon = (): void => {
      cancelTimer();
      controller.abort();
    };
    cancel = abandon;
    const response = await fetchDocument(url, controller.signal, dialer);
    cancelTimer();
    // Another fetch has begun, or the cache was stopped.
    if (cancel !== abandon) return;
    cancel = () => {};
    remoteClock.note(response.date, askedAt);
    if (!response.info) return;
    info = response.info;
    freshUntil = askedAt + nostrLimits.info.hours * hourMs;
    onInfo(info);
  }

  return {
    current: () => info,
    refresh() {
      if (clock.monotonic() < freshUntil) return;
      freshUntil = clock.monotonic() + nostrLimits.info.retryMinutes * minuteMs;
      cancel();
      void fetchInfo();
    },
    expire() {
      freshUntil = Number.NEGATIVE_INFINITY;
    },
    stop() {
      cancel();
      cancel = () => {};
    },
  };
}
