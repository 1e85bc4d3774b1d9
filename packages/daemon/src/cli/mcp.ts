import type { Command } from 'commander';

export function addMcpCommand(program: Command): void {
  program
    .command('mcp')
    .description('Run the MCP server on standard input and output, for an agent’s client.')
    .action(async () => {
      const { runMcpServer } = await import('@ocmesh/mcp-server');
      await runMcpServer();
    });
}
