import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { Handlers } from '@ocmesh/shared/contract';
import { createSeededRandom } from '@ocmesh/testkit';
import { expect } from 'vitest';
import { createMcpServer } from '../src/server.ts';
import { createFakeHandlers } from './fake-handlers.ts';

/** A client connected in memory to a server with a fake daemon. */
export async function connectClient(
  answers: Partial<Handlers>,
  policy: { readonly mayTrust?: boolean } = {},
) {
  const { handlers, calls } = createFakeHandlers(answers);
  const problems: unknown[] = [];
  const server = createMcpServer({
    handlers,
    mayTrust: async () => policy.mayTrust ?? false,
    random: createSeededRandom(1),
    onProblem: (error) => problems.push(error),
  });
  const client = new Client({ name: 'test', version: '1' });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.connect(far);
  await client.connect(near);

  async function call(
    name: string,
    args: Record<string, unknown> = {},
    options: { signal?: AbortSignal } = {},
  ) {
    const result = await client.callTool({ name, arguments: args }, undefined, options);
    // A model cannot call REST.
    expect(JSON.stringify(result)).not.toMatch(/\b(GET|POST|PUT|PATCH|DELETE) \//);
    return result as CallToolResult;
  }
  return { client, server, call, calls, problems };
}

/** Text of a result, which is all that some clients show. */
export const textOf = (result: CallToolResult): string => {
  const [first] = result.content;
  return first?.type === 'text' ? first.text : '';
};
