import { listTools, type Toolbox } from '@ocmesh/mcp-server/toolbox';
import type { PluginApi } from './host.ts';

/** As OpenClaw names the tools of an MCP server called ocmesh: the skill is the same for both. */
const toolName = (name: string): string => `ocmesh__${name}`;

/** Registers the tools that need no permission by the owner: what only the owner decides is left to the `ocmesh` command. */
export function registerTools(api: Pick<PluginApi, 'registerTool'>, toolbox: Toolbox): void {
  for (const { name, title, description, inputSchema } of listTools(false)) {
    api.registerTool({
      name: toolName(name),
      label: title,
      description,
      parameters: inputSchema,
      async execute(_callId, args, signal = new AbortController().signal) {
        const { text, isError } = await toolbox.call(name, args, signal);
        if (isError) throw new Error(text);
        return { content: [{ type: 'text', text }], details: {} };
      },
    });
  }
}
