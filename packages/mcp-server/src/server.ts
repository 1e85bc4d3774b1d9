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
import { textForModel } from '@ocmesh/shared/text';
import { ocmeshVersion } from '@ocmesh/shared/wire';
import { errorText, toToolError } from './errors.ts';
import { instructions } from './instructions.ts';
import { tools } from './tools/index.ts';
import type { Tool } from './tools/tool.ts';

export interface McpServerDeps {
  /** The daemon, or a double of it. */
  readonly handlers: Handlers;
  /** Whether the owner allows a model to add contacts; called once. */
  readonly mayTrust: () => Promise<boolean>;
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

/** Creates an MCP server with the tools of ocmesh. It starts and lists its tools even without a daemon. */
export function createMcpServer({ handlers, mayTrust, random, onProblem }: McpServerDeps): McpServer {
  const trusting = mayTrust();
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

  async function callTool(tool: Tool, args: unknown, cancelled: AbortSignal): Promise<CallToolResult> {
    // Not AbortSignal.any with .timeout: on Node 20 the pair can be collected before it fires.
    const over = new AbortController();
    const end = () => over.abort();
    const timer = setTimeout(end, tool.deadlineMs ?? defaultDeadlineMs);
    cancelled.addEventListener('abort', end);
    try {
      const checked = checkers.get(tool)?.(args);
      if (!checked?.ok) {
        throw new OcmeshError('invalid_request', { message: `Bad arguments: ${checked?.problem}.` });
      }
      const result = await tool.run(checked.value, { handlers, signal: over.signal });
      return { content: [{ type: 'text', text: textForModel(result, random) }], structuredContent: result };
    } catch (failure) {
      if (!(failure instanceof OcmeshError)) onProblem(failure);
      const error = toToolError(failure);
      return { isError: true, content: [{ type: 'text', text: errorText(error) }], structuredContent: error };
    } finally {
      clearTimeout(timer);
      cancelled.removeEventListener('abort', end);
    }
  }

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

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());

/** Lists the tools. Never changes: clients cache it, and request it within 1.5 s of starting the process. */
function listTools(mayTrust: boolean): ListToolsResult {
  const offered = Object.values(tools).filter((tool) => mayTrust || !tool.needsMayTrust);
  const rows = offered.map(({ name, description, input, annotations }) => ({
    name,
    title: annotations.title,
    description,
    inputSchema: { ...input },
    annotations: { ...annotations },
  }));
  return { tools: rows };
}
