import { createClient, followEvents, type StreamFetchLike } from '@ocmesh/client/browser';
import {
  errorStep,
  type Handlers,
  OcmeshError,
  type Output,
  pageKeyHeader,
  type StreamEvent,
} from '@ocmesh/shared/contract';

/** The part of `fetch` that the page uses. */
export type PageFetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string; signal?: AbortSignal },
) => Promise<Response>;

export type History = Output<'getHistory'>;
export type HistoryPoint = History['points'][number];

export interface PageApi extends Handlers {
  /**
   * Follows the events until the daemon ends the stream or the signal fires.
   * @param onPosition called with each position, the first one when the stream is open
   */
  follow(
    lastEventId: string | null,
    signal: AbortSignal,
    onPosition: (id: string) => void,
  ): AsyncIterable<StreamEvent>;
}

/** The REST API as the page calls it: of its own origin, with the session's cookie and key. */
export function createPageApi(fetch: PageFetch, key: () => string | null): PageApi {
  const keyedFetch: PageFetch = (url, init) => {
    const value = key();
    return fetch(
      url,
      value === null ? init : { ...init, headers: { ...init.headers, [pageKeyHeader]: value } },
    );
  };
  const baseUrl = (): string => '';
  return {
    ...createClient({ baseUrl, fetch: keyedFetch }),
    follow: (lastEventId, signal, onPosition) =>
      followEvents(lastEventId === null ? {} : { last_event_id: lastEventId }, {
        baseUrl,
        fetch: keyedFetch as unknown as StreamFetchLike,
        signal,
        onPosition,
      }),
  };
}

/** What happened and what to do about it, in the terms of the page. */
export interface Failure {
  readonly text: string;
  readonly step: string;
}

export function toFailure(error: unknown): Failure {
  const known = error instanceof OcmeshError ? error : new OcmeshError('internal', { cause: error });
  if (known.code === 'daemon_down' && known.problem !== 'not_a_daemon')
    return { text: 'The daemon is not responding.', step: errorStep({ code: 'daemon_down' }, 'page') };
  return { text: known.message, step: errorStep(known, 'page') };
}

/** Whether the error means that the session is over: the daemon restarted, or the owner signed out. */
export const endsSession = (error: unknown): boolean =>
  error instanceof OcmeshError &&
  ['page_session_required', 'token_required', 'owner_only'].includes(error.code);
