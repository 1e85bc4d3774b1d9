import { backoffMs, type Clock, pauseUnlessAborted } from '@ocmesh/shared/ambient';
import {
  type AbortSignalLike,
  errorRow,
  type Input,
  OcmeshError,
  type StreamEvent,
} from '@ocmesh/shared/contract';
import { watchLimits } from './limits.ts';

const types = 'message.received,request.waiting,conversation.paused,wake.test';
const range = {
  firstMs: watchLimits.reconnectSeconds * 1000,
  maxMs: watchLimits.reconnectMaxSeconds * 1000,
};

/**
 * Calls `onChange` whenever something may have arrived, also while the stream was not open. Reconnects while the daemon is
 * away.
 * @returns resolves when `signal` is aborted
 * @throws OcmeshError if another try cannot help
 */
export async function followChanges(deps: {
  readonly follow: (
    input: Input<'followEvents'>,
    signal: AbortSignalLike,
    onOpen: () => void,
  ) => AsyncGenerator<StreamEvent, void>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onChange: () => void;
  /** Called when the daemon is away, and when it is back. */
  readonly onDaemon: (state: 'away' | 'back') => void;
}): Promise<void> {
  const { follow, clock, signal, onChange, onDaemon } = deps;
  let failures = 0;
  const onOpen = (): void => {
    if (failures > 0) onDaemon('back');
    failures = 0;
    onChange();
  };
  while (!signal.aborted) {
    try {
      for await (const _ of follow({ types }, signal, onOpen)) onChange();
    } catch (error) {
      if (!(error instanceof OcmeshError) || errorRow(error.code).retry === 'never') throw error;
    }
    if (signal.aborted) return;
    if (failures === 0) onDaemon('away');
    await pauseUnlessAborted(clock, backoffMs(range, failures++), signal);
  }
}
