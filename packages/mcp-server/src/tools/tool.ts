import type { Handlers, Static, TObject } from '@ocmesh/shared/contract';

/** Hints for the host's consent dialogue. All are set on every tool: clients take a missing one for the worst case. */
interface ToolAnnotations {
  readonly title: string;
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  /** Whether the call itself reaches other machines. */
  readonly openWorldHint: boolean;
}

/** Of a tool that only looks at what the daemon knows. */
export const reading = (title: string): ToolAnnotations => ({
  title,
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
});

/** Of a tool that does what otherwise only the owner does. */
export const deciding = (title: string): ToolAnnotations => ({
  title,
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: true,
  openWorldHint: false,
});

interface ToolCall {
  readonly handlers: Handlers;
  /** Fires when the client cancels the call, goes away, or when the tool's time is over. */
  readonly signal: AbortSignal;
}

/** One MCP tool: data for the list, and what it does. */
export interface Tool<S extends TObject = TObject> {
  /** As the model calls it; hosts put their own prefix before it. */
  readonly name: string;
  /** What it does, when to use it, which tool comes next. Hosts with a tool search match its words. */
  readonly description: string;
  readonly input: S;
  readonly annotations: ToolAnnotations;
  /** Milliseconds after which the daemon counts as not answering. Default 15,000. */
  readonly deadlineMs?: number;
  /** Only there when the owner set `mcp_may_trust`. */
  readonly needsMayTrust?: true;
  /** @returns the `structuredContent`, an object of at most `toolResultBytes` as JSON */
  run(args: Static<S>, call: ToolCall): Promise<Record<string, unknown>>;
}

// The list cannot name each tool's own argument type.
export const defineTool = <S extends TObject>(tool: Tool<S>): Tool => tool as unknown as Tool;
