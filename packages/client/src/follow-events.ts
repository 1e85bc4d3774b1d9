import {
  type AbortSignalLike,
  type Input,
  OcmeshError,
  operations,
  type StreamEvent,
} from '@ocmesh/shared/contract';
import { type Credentials, parseJson, toError, toRequest, withToken } from './client.ts';

// Every JavaScript runtime has it, but none of the type libraries of this package declares it.
declare const TextDecoder: new () => { decode(bytes: Uint8Array, options: { stream: true }): string };

/** The part of `fetch` that a stream needs. */
export type StreamFetchLike = (
  url: string,
  init: { method: string; headers: Record<string, string>; signal?: never },
) => Promise<{ status: number; text(): Promise<string>; body: ByteStream | null }>;

interface ByteStream {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    cancel(): Promise<void>;
  };
}

export interface FollowOptions extends Credentials {
  /** Base URL of the daemon. */
  readonly baseUrl: () => string | Promise<string>;
  readonly fetch: StreamFetchLike;
  readonly signal?: AbortSignalLike;
  /** Called when the stream is open: later events come through it. */
  readonly onOpen?: () => void;
  /** Called with each position that the stream passes, the first one when it opens: a reader that resumes from it misses nothing. */
  readonly onPosition?: (id: string) => void;
}

/**
 * Follows `GET /events` until the daemon ends it, or the caller leaves the loop or aborts. Pass the last id to resume.
 * @throws OcmeshError the daemon's, or `daemon_down` if it cannot be reached or the connection is lost
 */
export async function* followEvents(
  input: Input<'followEvents'>,
  options: FollowOptions,
): AsyncGenerator<StreamEvent, void> {
  const base = await options.baseUrl();
  const { url, init } = toRequest(base, operations.followEvents, input);
  try {
    const stream = await withToken(options, operations.followEvents, async (credentials) => {
      const headers = { ...init.headers, ...credentials };
      // The platform's signal type has no name here; `fetch` accepts it as it is.
      const response = await options.fetch(url, { ...init, headers, signal: options.signal as never });
      if (response.status === 200 && response.body) return response.body;
      const body = parseJson(await response.text());
      throw toError(operations.followEvents, response.status, body) ?? new OcmeshError('daemon_down');
    });
    options.onOpen?.();
    const decoder = new TextDecoder();
    let rest = '';
    for await (const bytes of bytesOf(stream, options.signal)) {
      const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]));
        const [id, event, data] = [
          fields.get('id'),
          fields.get('event'),
          parseJson(fields.get('data') ?? ''),
        ];
        if (id) options.onPosition?.(id);
        if (id && event && data) yield { id, event, data } as StreamEvent;
      }
    }
  } catch (cause) {
    if (options.signal?.aborted) return;
    if (cause instanceof OcmeshError) throw cause;
    throw new OcmeshError('daemon_down', {
      message: `The ocmesh daemon is not responding at ${base}.`,
      cause,
    });
  }
}

/**
 * Chunks of a response until its end, or until the signal is aborted. The signal of `fetch` is not enough: once a response
 * has started, the link between the two can be garbage-collected with the request (seen with Node 20).
 */
async function* bytesOf(
  stream: ByteStream,
  signal: AbortSignalLike | undefined,
): AsyncGenerator<Uint8Array, void> {
  const reader = stream.getReader();
  const cancel = (): void => void reader.cancel().catch(() => {});
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || !value) return;
      yield value;
    }
  } finally {
    signal?.removeEventListener('abort', cancel);
    cancel();
  }
}
