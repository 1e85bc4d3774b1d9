import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type Clock, every, type Log } from '@ocmesh/shared/ambient';
import { limits, OcmeshError, type Passed, type StreamEvent } from '@ocmesh/shared/contract';
import type { Context } from 'koa';
import { httpLimits } from './limits.ts';

type Items = AsyncIterable<StreamEvent | Passed>;

export interface EventStreams {
  /**
   * Makes the response a stream of Server-Sent Events, until the client leaves.
   * @param follow opens the events to stream, or throws; ends when the signal fires
   * @param ended ends the stream when it fires
   */
  open(context: Context, follow: (signal: AbortSignal) => Items, ended?: AbortSignal): void;
  /** Ends every stream. */
  close(): void;
}

/** Server-Sent Events (WHATWG HTML, 9.2) as responses. */
export function createEventStreams({
  clock,
  log,
}: {
  readonly clock: Clock;
  readonly log: Log;
}): EventStreams {
  const ends = new Set<() => void>();

  function open(context: Context, follow: (signal: AbortSignal) => Items, ended?: AbortSignal): void {
    // Every GET route also serves HEAD, which would open a stream that nobody reads.
    if (context.method === 'HEAD') throw new OcmeshError('method_not_allowed');
    const over = new AbortController();
    const { res } = context;
    const items = follow(over.signal);
    const cancelComments = sendComments(res);
    function end(): void {
      over.abort();
      res.end();
    }
    ends.add(end);
    ended?.addEventListener('abort', end);
    res.once('close', () => {
      ends.delete(end);
      ended?.removeEventListener('abort', end);
      cancelComments();
      over.abort();
    });
    // From here on we write the response, not koa.
    context.respond = false;
    context.status = 200;
    context.set('Content-Type', 'text/event-stream');
    // The connection closes with the stream, so that a stopping daemon need not wait for idle connections.
    context.set('Connection', 'close');
    res.write(`retry: ${httpLimits.retryMs}\n\n`);
    writeItems(items, res, over.signal).catch((error) => {
      log.error('an event stream failed with an internal error', { stack: (error as Error).stack });
      res.destroy();
    });
  }

  /** Sends a comment now and then, and drops clients that have stopped reading. */
  function sendComments(res: ServerResponse): () => void {
    let isStuck = false;
    res.on('drain', () => {
      isStuck = false;
    });
    return every(clock, limits.http.commentSeconds * 1000, () => {
      if (isStuck) {
        log.debug('closed an event stream whose client had stopped reading');
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

/** Writes only as fast as the client reads, so that unread events are not buffered here a second time. */
async function writeItems(items: Items, res: ServerResponse, signal: AbortSignal): Promise<void> {
  for await (const item of items) {
    if (signal.aborted) return;
    if (!res.write(format(item))) await drained(res, signal);
  }
  res.end();
}

const drained = (res: ServerResponse, signal: AbortSignal): Promise<unknown> =>
  once(res, 'drain', { signal }).catch(() => {});

/** A client takes note of an id without data, but does not report it as an event. */
const format = (item: StreamEvent | Passed): string =>
  item.event === 'passed'
    ? `id: ${item.id}\n\n`
    : `id: ${item.id}\nevent: ${item.event}\ndata: ${JSON.stringify(item.data)}\n\n`;
