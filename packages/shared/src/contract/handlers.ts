import type { AbortSignalLike } from './operation.ts';
import { type OperationName, type Operations, operations } from './operations.ts';
import type { Static } from './typebox.ts';

type StreamName = { [N in OperationName]: Operations[N] extends { stream: true } ? N : never }[OperationName];
/** An operation with one answer. */
export type CallName = Exclude<OperationName, StreamName>;
export type Input<N extends OperationName> = Static<Operations[N]['input']>;

/** One page of a list; `next_cursor` is null on the last. */
export interface Page<T> {
  readonly items: T;
  readonly next_cursor: string | null;
}

export type Output<N extends OperationName> = Operations[N] extends { page: true }
  ? Page<Static<Operations[N]['output']>>
  : Static<Operations[N]['output']>;

export interface CallContext {
  /** Fires when the caller is gone. */
  readonly signal?: AbortSignalLike;
  /** Whether the caller showed the owner's token, and did not say that it acts for an agent. */
  readonly owner?: boolean;
}

/** Implemented by the daemon, and by the client that calls it over HTTP. */
export type Handlers = {
  readonly [N in CallName]: (input: Input<N>, context?: CallContext) => Promise<Output<N>>;
};

/** A place in a stream that has nothing for this reader: whoever comes back with the id has missed nothing. */
export interface Passed {
  readonly id: string;
  readonly event: 'passed';
}

/**
 * Implemented by the daemon. Each opens a stream at once, or throws; it is held until the signal fires or the
 * reader leaves its loop.
 */
export type Streams = {
  readonly [N in StreamName]: (
    input: Input<N>,
    context: { readonly signal: AbortSignalLike },
  ) => AsyncIterable<Output<N> | Passed>;
};

/** The operations with one answer. */
export const callNames = (Object.keys(operations) as OperationName[]).filter(
  (name): name is CallName => !('stream' in operations[name]),
);
