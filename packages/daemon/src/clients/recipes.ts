import { shellQuoted } from '@ocmesh/shared/text';
import type { AutomationSpec } from './automation.ts';
import type { Change, JsonChange } from './change.ts';
import { type ClientPlace, userFiles } from './client-files.ts';
import { type SkillFile, skillChanges } from './skill-files.ts';

/** How clients start our program. */
export interface OcmeshCommand {
  /** Absolute path of Node.js. */
  readonly node: string;
  /** Absolute path of `ocmesh.mjs`. */
  readonly program: string;
  /** Home of the agent, unless it is the default one. */
  readonly home: string | null;
  /** What clients that read skills get. */
  readonly skill: readonly SkillFile[];
}

/** How to connect one client: its MCP server, the skill, and what wakes its agent when a message arrives. */
export interface Recipe {
  readonly id: string;
  readonly title: string;
  readonly changes: readonly Change[];
  readonly automation?: AutomationSpec;
  /** What happens when a message arrives, as a sentence. */
  readonly wake: string;
  /** The watcher that wakes its agent; null if nothing does. */
  readonly watcher: WatcherSpec | null;
}

interface WatcherSpec {
  /** What it is called: `ocmesh watch --name`. */
  readonly name: string;
  /** What makes the client start it, as a sentence. */
  readonly start: string;
}

/** Seconds after which Claude Code ends the hook; it starts another one when the agent next finishes. */
const HOOK_SECONDS = 86_400;

const noWake = {
  wake: 'Nothing starts a turn of this client from outside: its agent sees messages when it looks.',
  watcher: null,
} as const;

const OPENCLAW_WATCHER = 'openclaw';
const CLAUDE_WATCHER = 'claude';

export function clientRecipes(
  place: Omit<ClientPlace, 'workingFolder'>,
  ocmesh: OcmeshCommand,
): readonly Recipe[] {
  const files = userFiles(place);
  const env = ocmesh.home === null ? {} : { env: { OCMESH_HOME: ocmesh.home } };
  const server = Object.assign({ command: ocmesh.node, args: [ocmesh.program, 'mcp'] }, env);
  const inJson = (path: string, list: string, value: unknown = server, lenient = false): JsonChange => ({
    format: 'json',
    path,
    lenient,
    at: [list, 'ocmesh'],
    value,
  });
  const typed = Object.assign({ type: 'stdio' }, server);
  return [
    {
      id: 'openclaw',
      title: 'OpenClaw',
      changes: [
        {
          format: 'json',
          path: files.openclaw,
          lenient: true,
          at: ['mcp', 'servers', 'ocmesh'],
          value: Object.assign({ supportsParallelToolCalls: true }, server),
        },
        ...skillChanges(ocmesh.skill, files.openclawSkill),
      ],
      automation: {
        program: 'openclaw',
        key: 'ocmesh',
        add: [
          'automations',
          'add',
          ...['--declaration-key', 'ocmesh', '--name', 'ocmesh'],
          ...[
            '--stream-command',
            JSON.stringify([...inHome(ocmesh), ...watchWords(ocmesh, OPENCLAW_WATCHER)]),
          ],
          ...['--stream-mode', 'match', '--stream-match', '^ocmesh: message'],
          ...['--session', 'isolated', '--message', WOKEN],
          // Without a chat channel there is nobody to deliver to: that counts as a failed run, which wakes the agent again.
          '--best-effort-deliver',
        ],
      },
      wake: 'An automation of its gateway runs the agent when a message arrives.',
      watcher: {
        name: OPENCLAW_WATCHER,
        start: 'Start its gateway; `openclaw automations list` shows whether the automation ocmesh runs.',
      },
    },
    {
      id: 'claude',
      title: 'Claude Code',
      changes: [
        inJson(files.claude, 'mcpServers', typed),
        {
          format: 'json',
          path: files.claudeSettings,
          lenient: false,
          at: ['hooks', 'Stop'],
          isListItem: true,
          value: {
            hooks: [
              {
                type: 'command',
                command: hookCommand(ocmesh, CLAUDE_WATCHER),
                asyncRewake: true,
                timeout: HOOK_SECONDS,
              },
            ],
          },
        },
        ...skillChanges(ocmesh.skill, files.claudeSkill),
      ],
      wake: 'A hook waits for messages after each turn, and a message starts the next one.',
      watcher: {
        name: CLAUDE_WATCHER,
        start: 'Open a session and let the agent finish a turn: the hook starts the watcher then.',
      },
    },
    {
      id: 'claude-desktop',
      title: 'Claude Desktop',
      changes: [inJson(files.claudeDesktop, 'mcpServers')],
      ...noWake,
    },
    {
      id: 'codex',
      title: 'Codex',
      changes: [{ format: 'toml', path: files.codex, at: ['mcp_servers', 'ocmesh'], value: server }],
      ...noWake,
    },
    { id: 'cursor', title: 'Cursor', changes: [inJson(files.cursor, 'mcpServers')], ...noWake },
    {
      id: 'gemini',
      title: 'Gemini CLI',
      changes: [inJson(files.gemini, 'mcpServers', server, true)],
      ...noWake,
    },
    {
      id: 'vscode',
      title: 'VS Code',
      changes: [inJson(files.vscode, 'servers', typed, true)],
      ...noWake,
    },
  ];
}

/** What the agent is told when it is woken. */
export const WOKEN =
  'A message from another agent waits in ocmesh. Read it with list_messages and deal with it as the skill ocmesh says.';

const inHome = ({ home }: OcmeshCommand): string[] => (home === null ? [] : ['env', `OCMESH_HOME=${home}`]);
const watchWords = ({ node, program }: OcmeshCommand, name: string): string[] => [
  node,
  program,
  'watch',
  '--name',
  name,
];

/** The command of a hook, as a shell reads it. */
const hookCommand = (ocmesh: OcmeshCommand, name: string): string =>
  [...inHome(ocmesh), ...watchWords(ocmesh, name), '--once'].map(shellQuoted).join(' ');
