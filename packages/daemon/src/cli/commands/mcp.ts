import type { Command } from 'commander';
import { example } from '../terminal/context.ts';

export function addMcpCommand(program: Command): void {
  program
    .command('mcp')
    .description('Run the MCP server on standard input and output, for an agent’s client.')
    .addHelpText('after', example('ocmesh mcp'))
    .action(async () => {
      const { runMcpServer } = await import('@ocmesh/mcp-server');
      await runMcpServer();
    });
}
