// The only import of the MCP SDK: another version of it, or of the protocol, means changing this file.
import type { Readable, Writable } from 'node:stream';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListToolsRequestSchema,
  type ListToolsResult,
  McpError,
} from '@modelcontextprotocol/sdk/types.js';
import type { Random } from '@ocmesh/shared/ambient';
import { createChecker, type Handlers, OcmeshError } from '@ocmesh/shared/contract';
import { ocmeshVersion } from '@ocmesh/shared/wire';
import { errorText, toToolError } from './errors.ts';
import { instructions } from './instructions.ts';
import { resultText, unreadLine } from './result.ts';
import { tools } from './tools/index.ts';
import type { Tool } from './tools/tool.ts';

export interface McpServerDeps {
  /** The daemon, or a double of it. */
  readonly handlers: Handlers;
  /** Whether the owner allows a model to add contacts; called once. */
  readonly mayTrust: () => Promise<boolean>;
  /** What to do about a daemon that is not running; only the program knows this machine. */
  readonly startStep?: () => string;
  /** Source of the ids of fences. */
  readonly random: Pick<Random, 'bytes'>;
  /** Reports internal errors. Must not write to stdout, which belongs to the protocol. */
  readonly onProblem: (error: unknown) => void;
}

export interface McpServer {
  /** Serves one client over this transport. */
  connect(transport: Transport): Promise<void>;
  /** Serves the client at these streams. */
  connectStdio(stdin: Readable, stdout: Writable): Promise<void>;
  /** Resolves when the connection has ended, from either side. */
  readonly closed: Promise<void>;
  /** Ends the connection; running calls have up to `graceMs` milliseconds to finish first. */
  close(graceMs: number): Promise<void>;
}

const defaultDeadlineMs = 15_000;
/** Milliseconds for the number of unread messages, which no result waits for longer. */
const unreadMs = 1000;

/** Text only: of a result with an object as well, OpenClaw shows both and cuts, and Claude Code drops the text. */
const textResult = (text: string): CallToolResult => ({ content: [{ type: 'text', text }] });

/** Creates an MCP server with the tools of ocmesh. It starts and lists its tools even without a daemon. */
export function createMcpServer(deps: McpServerDeps): McpServer {
  const { handlers, random, onProblem } = deps;
  const trusting = deps.mayTrust();
  const checkers = new Map(Object.values(tools).map((tool) => [tool, createChecker(tool.input)]));
  const running = new Set<Promise<unknown>>();
  const server = new Server(
    { name: 'ocmesh', title: 'ocmesh', version: ocmeshVersion },
    { capabilities: { tools: {} }, instructions },
  );
  const closed = new Promise<void>((resolve) => {
    server.onclose = resolve;
  });
  server.onerror = onProblem;
  server.setRequestHandler(ListToolsRequestSchema, () => tracked(trusting.then(listTools)));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    const tool = Object.hasOwn(tools, params.name) ? tools[params.name] : undefined;
    if (!tool || (tool.needsMayTrust && !(await trusting)))
      throw new McpError(ErrorCode.InvalidParams, 'Unknown tool: tools/list has all tools.');
    return tracked(callTool(tool, params.arguments ?? {}, signal));
  });

  /** Tracks a running call, for `close`. */
  function tracked<T>(call: Promise<T>): Promise<T> {
    running.add(call);
    return call.finally(() => running.delete(call));
  }

  async function callTool(
    tool: Tool,
    args: Record<string, unknown>,
    cancelled: AbortSignal,
  ): Promise<CallToolResult> {
    // Not AbortSignal.any with .timeout: on Node 20 the pair can be collected before it fires.
    const over = new AbortController();
    const end = () => over.abort();
    const timer = setTimeout(end, tool.deadlineMs ?? defaultDeadlineMs);
    cancelled.addEventListener('abort', end);
    try {
      const checked = checkers.get(tool)?.(withNewNames(tool, args));
      if (!checked?.ok) return badArguments(`${checked?.problem}`);
      const result = await tool.run(checked.value, { handlers, signal: over.signal });
      return textResult(resultText(result, result.unread ?? (await countUnread()), random));
    } catch (failure) {
      if (!(failure instanceof OcmeshError)) onProblem(failure);
      const error = toToolError(failure, deps.startStep);
      const unread = error.error === 'daemon_down' ? null : await countUnread();
      return { isError: true, ...textResult([errorText(error), ...unreadLine(unread)].join('\n')) };
    } finally {
      clearTimeout(timer);
      cancelled.removeEventListener('abort', end);
    }
  }

  /** Returns the number of unread messages; null if the daemon does not say it at once. */
  const countUnread = (): Promise<number | null> =>
    handlers.getStatus({}, { signal: AbortSignal.timeout(unreadMs) }).then(
      ({ unread_count }) => unread_count,
      () => null,
    );

  async function close(graceMs: number): Promise<void> {
    // Requests that were just read reach their handler in the next turn, and responses are sent in the one after.
    await turn();
    await Promise.race([Promise.allSettled(running), pause(graceMs)]);
    await turn();
    await server.close();
  }

  return {
    connect: (transport) => server.connect(transport),
    connectStdio: (stdin, stdout) => server.connect(new StdioServerTransport(stdin, stdout)),
    closed,
    close,
  };
}

/** Refuses arguments without asking the daemon anything. */
function badArguments(problem: string): CallToolResult {
  const error = new OcmeshError('invalid_request', { message: `Bad arguments: ${problem}.` });
  return { isError: true, ...textResult(errorText(toToolError(error))) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());

/** Lists the tools. Never changes: clients cache it, and request it within 1.5 s of starting the process. */
function listTools(mayTrust: boolean): ListToolsResult {
  const offered = Object.values(tools).filter((tool) => mayTrust || !tool.needsMayTrust);
  return { tools: offered.map(listedTool) };
}

function listedTool({ name, description, input, unlisted = [], annotations }: Tool) {
  const { title, ...hints } = annotations;
  const properties = Object.fromEntries(
    Object.entries(input.properties).filter(([field]) => !unlisted.includes(field)),
  );
  return { name, title, description, inputSchema: { ...input, properties }, annotations: hints };
}

/** Arguments under their present names. A model may have learned the earlier ones. */
const withNewNames = ({ renamed = {} }: Tool, args: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(args).map(([field, value]) => {
      const present = renamed[field];
      return [present === undefined || Object.hasOwn(args, present) ? field : present, value];
    }),
  );
