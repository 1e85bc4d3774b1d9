import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type Clock, every, type Log } from '@ocmesh/shared/ambient';
import { limits, OcmeshError, type Passed, type StreamEvent } from '@ocmesh/shared/contract';
import type { Context } from 'koa';
import { httpLimits } from './limits.ts';

type Items = AsyncIterable<StreamEvent | Passed>;

export interface EventStreams {
  /**
   * Makes the answer a stream of Server-Sent Events, for as long as the reader stays.
   * @param follow opens what is streamed, or throws, and ends when the signal fires
   */
  open(context: Context, follow: (signal: AbortSignal) => Items): void;
  /** Ends every stream. */
  close(): void;
}

/** Server-Sent Events (WHATWG HTML, 9.2) over the answers of requests. */
export function createEventStreams({
  clock,
  log,
}: {
  readonly clock: Clock;
  readonly log: Log;
}): EventStreams {
  const ends = new Set<() => void>();

  function open(context: Context, follow: (signal: AbortSignal) => Items): void {
    // It comes with every GET route, and would hold a stream that nobody reads.
    if (context.method === 'HEAD') throw new OcmeshError('method_not_allowed');
    const over = new AbortController();
    const { res } = context;
    const items = follow(over.signal);
    const cancelComments = comment(res);
    function end(): void {
      over.abort();
      res.end();
    }
    ends.add(end);
    res.once('close', () => {
      ends.delete(end);
      cancelComments();
      over.abort();
    });
    // From here on the answer is ours, not koa's.
    context.respond = false;
    context.status = 200;
    context.set('Content-Type', 'text/event-stream');
    // Closed with the stream: at the end of the daemon nothing shall wait for a connection that idles.
    context.set('Connection', 'close');
    res.write(`retry: ${httpLimits.retryMs}\n\n`);
    pour(items, res, over.signal).catch((error) => {
      log.error('a stream of events ended in a mistake of ours', { stack: (error as Error).stack });
      res.destroy();
    });
  }

  /** Shows that the stream lives, and finds out who does not read it. */
  function comment(res: ServerResponse): () => void {
    let isStuck = false;
    res.on('drain', () => {
      isStuck = false;
    });
    return every(clock, limits.http.commentSeconds * 1000, () => {
      if (isStuck) {
        log.debug('a reader of events took none for too long');
        res.destroy();
        return;
      }
      isStuck = res.writableNeedDrain;
      res.write(':\n\n');
    });
  }

  return {
    open,
    close() {
      for (const end of [...ends]) end();
    },
  };
}

/** As fast as the reader takes it: what waits for it waits where it is kept anyway. */
async function pour(items: Items, res: ServerResponse, signal: AbortSignal): Promise<void> {
  for await (const item of items) {
    if (signal.aborted) return;
    if (!res.write(format(item))) await drained(res, signal);
  }
  res.end();
}

const drained = (res: ServerResponse, signal: AbortSignal): Promise<unknown> =>
  once(res, 'drain', { signal }).catch(() => {});

/** An id without data is noted by the reader, but is no event to it. */
const format = (item: StreamEvent | Passed): string =>
  item.event === 'passed'
    ? `id: ${item.id}\n\n`
    : `id: ${item.id}\nevent: ${item.event}\ndata: ${JSON.stringify(item.data)}\n\n`;
