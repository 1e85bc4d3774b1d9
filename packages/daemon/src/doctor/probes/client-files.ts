import { join } from 'node:path';
import type { Environment } from './environment.ts';

/** A file in which an MCP client configures its servers. */
export interface ClientFile {
  readonly client: string;
  readonly path: string;
  /** Whether it may have comments and trailing commas. */
  readonly lenient: boolean;
}

/** A configured server that mentions ocmesh. */
export interface ServerEntry {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Its OCMESH_HOME, if set. */
  readonly home: string | null;
}

export function clientFiles({
  machine,
  workingFolder,
  platform,
}: Pick<Environment, 'machine' | 'workingFolder' | 'platform'>): ClientFile[] {
  const { env, userHome } = machine;
  const settings = join(userHome, platform === 'darwin' ? 'Library/Application Support' : '.config');
  const openclaw =
    env['OPENCLAW_CONFIG_PATH'] ||
    join(env['OPENCLAW_STATE_DIR'] || join(userHome, '.openclaw'), 'openclaw.json');
  const file = (client: string, path: string, lenient = false): ClientFile => ({ client, path, lenient });
  return [
    file('OpenClaw', openclaw, true),
    file('Claude Code', join(userHome, '.claude.json')),
    file('Claude Code', join(workingFolder, '.mcp.json')),
    file('Claude Desktop', join(settings, 'Claude/claude_desktop_config.json')),
    file('Cursor', join(userHome, '.cursor/mcp.json')),
    file('Cursor', join(workingFolder, '.cursor/mcp.json')),
    file('VS Code', join(settings, 'Code/User/mcp.json'), true),
    file('VS Code', join(workingFolder, '.vscode/mcp.json'), true),
  ];
}

/** Finds servers that mention ocmesh anywhere in a configuration: under `mcpServers`, `servers` or `mcp.servers`. */
export function ocmeshServers(config: unknown, depth = 6): ServerEntry[] {
  if (depth === 0 || typeof config !== 'object' || config === null) return [];
  return Object.entries(config).flatMap(([key, value]) => {
    const nested = ocmeshServers(value, depth - 1);
    return key === 'mcpServers' || key === 'servers' ? [...serversIn(value), ...nested] : nested;
  });
}

function serversIn(servers: unknown): ServerEntry[] {
  if (typeof servers !== 'object' || servers === null) return [];
  return Object.entries(servers).flatMap(([name, entry]) => {
    const { command, args, env } = (entry ?? {}) as Record<string, unknown>;
    const home = (env as Record<string, unknown> | undefined)?.['OCMESH_HOME'];
    // A server with a URL has no command.
    if (typeof command !== 'string') return [];
    const words = Array.isArray(args) ? args.filter((arg) => typeof arg === 'string') : [];
    return [name, command, ...words].some((word) => /ocmesh/i.test(word))
      ? [{ name, command, args: words, home: typeof home === 'string' ? home : null }]
      : [];
  });
}

/** Removes comments and trailing commas; leaves text in quotes unchanged. */
export const toPlainJson = (text: string): string =>
  text
    .replace(/("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (_, string) => string ?? ' ')
    .replace(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, (_, string) => string ?? '');
