import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { agentAccess, createClient } from '@ocmesh/client';
import { askMayTrust } from './may-trust.ts';
import { createMcpServer } from './server.ts';
import { startStep } from './start-command.ts';

/** Milliseconds that running calls have to finish after the client closed stdin. */
const graceMs = 500;

/** Standard streams and environment of the program: `process`, or what a command was given. */
export interface ProgramIo {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Serves MCP on stdin and stdout until stdin ends, the client disconnects, or SIGTERM or SIGINT arrives.
 * Writes internal errors to stderr. The process may exit once this resolves.
 */
export async function runMcpServer({ stdin, stdout, stderr, env }: ProgramIo = process): Promise<void> {
  const handlers = createClient(agentAccess({ env }));
  const server = createMcpServer({
    handlers,
    mayTrust: () => askMayTrust(handlers),
    startStep: () => startStep(env),
    random: { bytes: randomBytes },
    onProblem: (error) => stderr.write(`ocmesh mcp: ${describe(error)}\n`),
  });
  const ended = new Promise<void>((resolve) => {
    const end = () => resolve();
    stdin.once('end', end);
    stdin.once('close', end);
    // Nobody reads our responses any more.
    stdout.on('error', end);
    process.once('SIGTERM', end);
    process.once('SIGINT', end);
  });
  await server.connectStdio(stdin, stdout);
  await Promise.race([ended, server.closed]);
  await server.close(graceMs);
}

const describe = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
