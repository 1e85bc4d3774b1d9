import { join } from 'node:path';

/** Where clients keep their files. */
export interface ClientPlace {
  readonly machine: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly userHome: string;
  };
  /** A project may have its own client configuration. */
  readonly workingFolder: string;
  readonly platform: string;
}

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

/** The files of each client in the user's folder, and the folders of our skill. */
export function userFiles({ machine: { env, userHome }, platform }: Omit<ClientPlace, 'workingFolder'>) {
  const settings = join(userHome, platform === 'darwin' ? 'Library/Application Support' : '.config');
  const openclawState = env['OPENCLAW_STATE_DIR'] || join(userHome, '.openclaw');
  return {
    openclaw: env['OPENCLAW_CONFIG_PATH'] || join(openclawState, 'openclaw.json'),
    openclawSkill: join(openclawState, 'skills/ocmesh'),
    claudeSkill: join(userHome, '.claude/skills/ocmesh'),
    claude: join(userHome, '.claude.json'),
    claudeSettings: join(userHome, '.claude/settings.json'),
    claudeDesktop: join(settings, 'Claude/claude_desktop_config.json'),
    codex: join(env['CODEX_HOME'] || join(userHome, '.codex'), 'config.toml'),
    cursor: join(userHome, '.cursor/mcp.json'),
    gemini: join(userHome, '.gemini/settings.json'),
    vscode: join(settings, 'Code/User/mcp.json'),
  };
}

/** The JSON files in which MCP clients look for servers. */
export function clientFiles(place: ClientPlace): ClientFile[] {
  const { workingFolder } = place;
  const files = userFiles(place);
  const file = (client: string, path: string, lenient = false): ClientFile => ({ client, path, lenient });
  return [
    file('OpenClaw', files.openclaw, true),
    file('Claude Code', files.claude),
    file('Claude Code', join(workingFolder, '.mcp.json')),
    file('Claude Desktop', files.claudeDesktop),
    file('Cursor', files.cursor),
    file('Cursor', join(workingFolder, '.cursor/mcp.json')),
    file('Gemini CLI', files.gemini, true),
    file('VS Code', files.vscode, true),
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
