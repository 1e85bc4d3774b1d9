import type { AbortSignalLike } from './operation.ts';
import { type OperationName, type Operations, operations } from './operations.ts';
import type { Static } from './typebox.ts';

type StreamName = { [N in OperationName]: Operations[N] extends { stream: true } ? N : never }[OperationName];
/** An operation with a single response. */
export type CallName = Exclude<OperationName, StreamName>;
export type Input<N extends OperationName> = Static<Operations[N]['input']>;

/** One page of a list; `next_cursor` is null on the last page. */
export interface Page<T> {
  readonly items: T;
  readonly next_cursor: string | null;
  /** Only if the relays were asked for it, now or a while ago. Their answers are among the items. */
  readonly asked?: Asked;
}

/** How many relays answered a question, and when (ISO 8601). */
export interface Asked {
  readonly relays: number;
  readonly as_of: string;
}

/** One page of a list with numbers about the whole list, if there are any for this request. */
export interface CountedPage<T, C extends string> extends Page<T> {
  readonly counts?: Readonly<Record<C, number>>;
}

export type Output<N extends OperationName> = Operations[N] extends { page: true; counts: infer C }
  ? CountedPage<Static<Operations[N]['output']>, keyof C & string>
  : Operations[N] extends { page: true }
    ? Page<Static<Operations[N]['output']>>
    : Static<Operations[N]['output']>;

export interface CallContext {
  /** Fires when the caller disconnects. */
  readonly signal?: AbortSignalLike;
  /** Whether the caller sent the owner's token, and did not say that it acts for an agent. */
  readonly owner?: boolean;
}

/** Implemented by the daemon, and by the client that calls it over HTTP. */
export type Handlers = {
  readonly [N in CallName]: (input: Input<N>, context?: CallContext) => Promise<Output<N>>;
};

type SessionName = { [N in CallName]: Operations[N] extends { session: true } ? N : never }[CallName];

/** Implemented by the core of the daemon: all but the sessions of browsers, which it does not know. */
export type CoreHandlers = Omit<Handlers, SessionName>;

/** A position in a stream with no event for this reader. A reader that resumes from its id misses nothing. */
export interface Passed {
  readonly id: string;
  readonly event: 'passed';
}

/**
 * Implemented by the daemon. Opens a stream at once, or throws. The stream stays open until the signal fires or the reader
 * leaves its loop.
 */
export type Streams = {
  readonly [N in StreamName]: (
    input: Input<N>,
    context: { readonly signal: AbortSignalLike },
  ) => AsyncIterable<Output<N> | Passed>;
};

/** The operations with a single response. */
export const callNames = (Object.keys(operations) as OperationName[]).filter(
  (name): name is CallName => !('stream' in operations[name]),
);
