import { backoffMs, type Clock } from '@ocmesh/shared/ambient';
import type { StreamEvent } from '@ocmesh/shared/contract';
import { pageLimits } from './limits.ts';
import type { MeshData } from './mesh-data.ts';
import type { PageApi } from './page-api.ts';

/**
 * Follows the events until the signal fires, and opens the stream again where it ended.
 * @param onOpen called each time the stream is open
 */
export async function followStream(
  deps: {
    readonly api: Pick<PageApi, 'follow'>;
    readonly link: MeshData['link'];
    readonly clock: Pick<Clock, 'after'>;
    readonly onOpen: () => void;
    readonly onEvent: (event: StreamEvent) => void;
    readonly onError: (error: unknown) => void;
  },
  signal: AbortSignal,
): Promise<void> {
  const { api, link, clock, onOpen, onEvent, onError } = deps;
  const pauses = { firstMs: pageLimits.reconnectFirstMs, maxMs: pageLimits.reconnectMaxMs };
  let position: string | null = null;
  let failures = 0;
  while (!signal.aborted) {
    let isOpen = false;
    const onPosition = (id: string): void => {
      position = id;
      if (isOpen) return;
      isOpen = true;
      failures = 0;
      link.value = 'live';
      onOpen();
    };
    try {
      for await (const event of api.follow(position, signal, onPosition)) onEvent(event);
    } catch (error) {
      onError(error);
    }
    if (signal.aborted) return;
    link.value = 'lost';
    const pauseMs = backoffMs(pauses, failures++);
    await new Promise<void>((resolve) => void clock.after(pauseMs, resolve));
  }
}
