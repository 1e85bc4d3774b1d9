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
  McpError,
} from '@modelcontextprotocol/sdk/types.js';
import { ocmeshVersion } from '@ocmesh/shared/wire';
import { instructions } from './instructions.ts';
import { createToolbox, listTools, type ToolboxDeps, type ToolText } from './toolbox.ts';

export interface McpServerDeps extends ToolboxDeps {
  /** Whether the owner allows a model to add contacts; called once. */
  readonly mayTrust: () => Promise<boolean>;
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

/** Text only: of a result with an object as well, OpenClaw shows both and cuts, and Claude Code drops the text. */
const textResult = ({ text, isError }: ToolText): CallToolResult => ({
  content: [{ type: 'text', text }],
  ...(isError && { isError }),
});

/** Creates an MCP server with the tools of ocmesh. It starts and lists its tools even without a daemon. */
export function createMcpServer(deps: McpServerDeps): McpServer {
  const { onProblem } = deps;
  const trusting = deps.mayTrust();
  const toolbox = createToolbox(deps);
  const running = new Set<Promise<unknown>>();
  const server = new Server(
    { name: 'ocmesh', title: 'ocmesh', version: ocmeshVersion },
    { capabilities: { tools: {} }, instructions },
  );
  const closed = new Promise<void>((resolve) => {
    server.onclose = resolve;
  });
  server.onerror = onProblem;
  server.setRequestHandler(ListToolsRequestSchema, () =>
    tracked(trusting.then((mayTrust) => ({ tools: listTools(mayTrust) }))),
  );
  server.setRequestHandler(CallToolRequestSchema, ({ params }, { signal }) =>
    tracked(callTool(params.name, params.arguments ?? {}, signal)),
  );

  async function callTool(name: string, args: Record<string, unknown>, signal: AbortSignal) {
    if (!toolbox.has(name, await trusting))
      throw new McpError(ErrorCode.InvalidParams, 'Unknown tool: tools/list has all tools.');
    return textResult(await toolbox.call(name, args, signal));
  }

  /** Tracks a running call, for `close`. */
  function tracked<T>(call: Promise<T>): Promise<T> {
    running.add(call);
    return call.finally(() => running.delete(call));
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
