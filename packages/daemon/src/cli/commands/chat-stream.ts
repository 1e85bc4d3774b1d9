import { type Clock, pauseUnlessAborted } from '@ocmesh/shared/ambient';
import { OcmeshError, type StreamEvent } from '@ocmesh/shared/contract';
import type { Daemon } from '../terminal/daemon-client.ts';

const RECONNECT_MS = 1_000;

export interface ChatStreamDeps {
  readonly follow: Daemon['follow'];
  readonly clock: Clock;
  /** Ends the stream when aborted. */
  readonly signal: AbortSignal;
  readonly notice: (text: string) => void;
  /** Fetches and shows the messages from before the stream opened. */
  readonly catchUp: (isReconnect: boolean) => Promise<void>;
  /** Gets each event in turn, after `catchUp`. */
  readonly onEvent: (event: StreamEvent) => Promise<void>;
}

/**
 * Follows the events of the daemon, and reconnects while the daemon is away.
 * @returns resolves when the first `catchUp` is done or `signal` is aborted; rejects if the first connection fails
 */
export function followChat(deps: ChatStreamDeps): Promise<void> {
  const { clock, signal, notice } = deps;
  return new Promise((resolve, reject) => {
    // A user who leaves first does not wait for the daemon.
    signal.addEventListener('abort', () => resolve());
    let isReady = false;
    let isLost = false;
    const onCaughtUp = (): void => {
      if (isLost) notice('The daemon is back.');
      isLost = false;
      isReady = true;
      resolve();
    };
    void (async () => {
      while (!signal.aborted) {
        try {
          await followOnce(deps, isReady, onCaughtUp);
        } catch (error) {
          if (signal.aborted) return;
          if (!isReady) return reject(error);
          if (!(error instanceof OcmeshError)) throw error;
        }
        if (signal.aborted) return;
        if (!isReady) return reject(new OcmeshError('daemon_down'));
        if (!isLost) notice('The daemon is gone; waiting for it.');
        isLost = true;
        await pauseUnlessAborted(clock, RECONNECT_MS, signal);
      }
    })();
  });
}

/** Handles one stream until it ends. */
async function followOnce(
  { follow, signal, catchUp, onEvent }: ChatStreamDeps,
  isReconnect: boolean,
  onCaughtUp: () => void,
): Promise<void> {
  let caughtUp = Promise.resolve();
  // Not AbortSignal.any: its result may be garbage-collected before it fires.
  const over = new AbortController();
  const end = (): void => over.abort();
  signal.addEventListener('abort', end);
  let problem: unknown;
  const events = follow({ types: 'message.received,message.state' }, over.signal, () => {
    caughtUp = catchUp(isReconnect).then(onCaughtUp, (error) => {
      problem = error;
      end();
    });
  });
  try {
    for await (const event of events) {
      await caughtUp;
      await onEvent(event);
    }
    await caughtUp;
    if (problem) throw problem;
  } catch (error) {
    throw problem ?? error;
  } finally {
    signal.removeEventListener('abort', end);
  }
}
