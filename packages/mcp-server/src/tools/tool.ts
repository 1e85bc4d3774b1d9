import type { Handlers, Static, TObject } from '@ocmesh/shared/contract';
import type { ToolResult } from '../result.ts';

/** Hints for the host's consent dialog. Every tool sets all of them: clients assume the worst for a missing one. */
interface ToolAnnotations {
  readonly title: string;
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  /** Whether the call itself reaches other machines. */
  readonly openWorldHint: boolean;
}

/** Annotations of a tool that only reads what the daemon knows. */
export const reading = (title: string): ToolAnnotations => ({
  title,
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
});

/** Annotations of a tool that does what otherwise only the owner does. */
export const deciding = (title: string): ToolAnnotations => ({
  title,
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: true,
  openWorldHint: false,
});

export interface ToolCall {
  readonly handlers: Handlers;
  /** Fires when the client cancels the call or disconnects, or at the tool's deadline. */
  readonly signal: AbortSignal;
}

/** One MCP tool: its row in the list, and its implementation. */
export interface Tool<S extends TObject = TObject> {
  /** Name by which the model calls it; hosts add a prefix of their own. */
  readonly name: string;
  /**
   * What it does, when to use it, with the names of its arguments. Hosts with a tool search match its words, put short ones
   * first, and some show no schema.
   */
  readonly description: string;
  readonly input: S;
  /** Arguments of earlier versions, or of rare use, that are accepted and not listed: each takes room in a model's context. */
  readonly unlisted?: readonly (keyof S['properties'] & string)[];
  /** Earlier names of arguments. */
  readonly renamed?: Readonly<Record<string, string>>;
  readonly annotations: ToolAnnotations;
  /** Milliseconds after which the daemon counts as down. Default: 15,000. */
  readonly deadlineMs?: number;
  /** Listed only if the owner set `mcp_may_trust`. */
  readonly needsMayTrust?: true;
  /** Returns what the model sees, at most `toolLimits.resultChars` as text. */
  run(args: Static<S>, call: ToolCall): Promise<ToolResult>;
}

// The list cannot name each tool's own argument type.
export const defineTool = <S extends TObject>(tool: Tool<S>): Tool => tool as unknown as Tool;
