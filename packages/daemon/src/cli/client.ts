import { daemonUrl } from '@ocmesh/mcp-server/daemon-url';
import {
  type AbortSignalLike,
  createClient,
  followEvents,
  type Handlers,
  type Input,
  type StreamEvent,
} from '@ocmesh/shared/contract';
import type { Io } from './io.ts';
import { withProgress } from './progress.ts';

/** The running daemon, as every command meets it. */
export interface Daemon {
  readonly api: Handlers;
  /** @param onOpen what happens from then on comes through the stream */
  follow(
    input: Input<'followEvents'>,
    signal: AbortSignalLike,
    onOpen: () => void,
  ): AsyncGenerator<StreamEvent, void>;
}

export function createDaemonClient(io: Io): Daemon {
  const baseUrl = (): Promise<string> => daemonUrl({ env: io.env });
  return {
    api: createClient({
      baseUrl,
      fetch: (url, init) => withProgress(io, 'Waiting for the daemon', fetch(url, init)),
    }),
    follow: (input, signal, onOpen) =>
      followEvents(input, {
        baseUrl,
        signal,
        async fetch(url, init) {
          const response = await fetch(url, init);
          if (response.status === 200) onOpen();
          return response;
        },
      }),
  };
}
