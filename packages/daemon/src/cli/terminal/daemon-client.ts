import { agentAccess, createClient, type DaemonAccess, followEvents, ownerAccess } from '@ocmesh/client';
import {
  type AbortSignalLike,
  type CallName,
  callNames,
  type Handlers,
  type Input,
  OcmeshError,
  type Operation,
  operations,
  type StreamEvent,
  withStepsFor,
} from '@ocmesh/shared/contract';
import type { Io } from './io.ts';
import { withProgress } from './progress.ts';

/** The running daemon. Its calls show progress at the terminal. */
export interface Daemon {
  readonly api: Handlers;
  /** Returns its address. */
  url(): Promise<string>;
  /** Whether it has a page for browsers. */
  hasPage(): Promise<boolean>;
  /** @param onOpen called when the stream is open: later events come through it */
  follow(
    input: Input<'followEvents'>,
    signal: AbortSignalLike,
    onOpen: () => void,
  ): AsyncGenerator<StreamEvent, void>;
}

export function createDaemonClient(io: Io): Daemon {
  const access = ownerAccess({ env: io.env });
  const clientOf = (credentials: DaemonAccess): Handlers =>
    inCommandTerms(
      createClient({
        ...credentials,
        fetch: (url, init) => withProgress(io, 'Waiting for the daemon', access.fetch(url, init)),
      }),
    );
  const api = clientOf(access);
  return {
    url: access.baseUrl,
    async hasPage() {
      const { status, text } = await access.fetch(`${await access.baseUrl()}/`, {
        method: 'HEAD',
        headers: { accept: 'text/html' },
      });
      // Unread, it would keep the connection.
      await text();
      return status === 200;
    },
    // Off a terminal a program sends the message, so the loop guard has to count it.
    api: io.stdout.isTTY ? api : { ...api, sendMessage: clientOf(agentAccess({ env: io.env })).sendMessage },
    follow: (input, signal, onOpen) => followEvents(input, { ...access, signal, onOpen }),
  };
}

/**
 * Refuses a result that lacks fields: where there is no home, any program may answer like a daemon.
 * @throws OcmeshError `daemon_down`
 */
function checked<T extends object>(name: CallName, result: T): T {
  const { page, output } = operations[name] as Operation;
  const { type, required = [] } = output as { readonly type?: string; readonly required?: readonly string[] };
  const fields = page ? ['items'] : required;
  const isComplete = type === 'string' || fields.every((field) => field in Object(result));
  if (
    isComplete &&
    Array.isArray(page ? (result as { items?: unknown }).items : result) === (type === 'array')
  )
    return result;
  throw new OcmeshError('daemon_down', {
    message: 'The response is not from an ocmesh daemon: fields are missing.',
    problem: 'not_a_daemon',
  });
}

/** The same API, with next steps that name commands instead of REST calls. */
function inCommandTerms(api: Handlers): Handlers {
  const entries = callNames.map((name) => {
    const call = api[name] as (...args: unknown[]) => Promise<object>;
    return [name, async (...args: unknown[]) => withStepsFor('command', checked(name, await call(...args)))];
  });
  return Object.fromEntries(entries) as Handlers;
}
