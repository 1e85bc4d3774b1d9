import { randomBytes } from 'node:crypto';
import { agentAccess, createClient } from '@ocmesh/client';
import { askMayTrust } from './may-trust.ts';
import { createMcpServer } from './server.ts';

/** Milliseconds that running calls have to finish after the client closed stdin. */
const graceMs = 500;

/**
 * Serves MCP on stdin and stdout until stdin ends, the client disconnects, or SIGTERM or SIGINT arrives.
 * Writes internal errors to stderr. The process may exit once this resolves.
 */
export async function runMcpServer(): Promise<void> {
  const handlers = createClient(agentAccess({ env: process.env }));
  const server = createMcpServer({
    handlers,
    mayTrust: () => askMayTrust(handlers),
    random: { bytes: randomBytes },
    onProblem: (error) => process.stderr.write(`ocmesh mcp: ${describe(error)}\n`),
  });
  const ended = new Promise<void>((resolve) => {
    const end = () => resolve();
    process.stdin.once('end', end);
    process.stdin.once('close', end);
    // Nobody reads our responses any more.
    process.stdout.on('error', end);
    process.once('SIGTERM', end);
    process.once('SIGINT', end);
  });
  await server.connectStdio();
  await Promise.race([ended, server.closed]);
  await server.close(graceMs);
}

const describe = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
