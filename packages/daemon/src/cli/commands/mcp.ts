import type { Command } from 'commander';
import { type CommandContext, example } from '../terminal/context.ts';

export function addMcpCommand(program: Command, { io }: CommandContext): void {
  program
    .command('mcp')
    .description('Run the MCP server on standard input and output, for an MCP client.')
    .addHelpText('after', example('ocmesh mcp'))
    .action(async () => {
      const { runMcpServer } = await import('@ocmesh/mcp-server');
      await runMcpServer(io);
    });
}
