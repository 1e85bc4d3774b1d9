import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import {
  type ClientFile,
  clientFiles,
  ocmeshServers,
  type ServerEntry,
  toPlainJson,
} from '../../clients/client-files.ts';
import { type Check, type Finding, fail, ok, skipped, warn } from '../check.ts';
import type { Environment } from '../probes/environment.ts';

type Deps = Pick<Environment, 'machine' | 'workingFolder' | 'platform'>;

export const clientsCheck = (deps: Deps): Check => ({
  id: 'clients',
  what: 'Client',
  why: 'An agent uses ocmesh through the MCP server that its client starts.',
  run() {
    const findings = lookAtAll(deps);
    return findings.length > 0 ? findings : skipped('No MCP client is configured for ocmesh.');
  },
});

/** Returns what was found of each client that starts the MCP server. */
export const configuredClients = (deps: Deps): Finding[] =>
  lookAtAll(deps).filter(({ state }) => state === 'ok');

function lookAtAll(deps: Deps): Finding[] {
  // By path: in the user's own folder, the project's files are the same as the user's.
  const files = new Map(clientFiles(deps).map((file) => [file.path, file]));
  return [...files.values()].flatMap((file) => lookAt(file, deps.machine.env['PATH'] ?? ''));
}

function lookAt(file: ClientFile, path: string): Finding[] {
  const text = readMentioning(file.path);
  if (text === null) return [];
  const where = `${file.client}, ${file.path}`;
  const config = parse(text, file.lenient);
  if (config === undefined) {
    return [
      file.lenient
        ? warn(
            `${where}: mentions ocmesh, but is not plain JSON`,
            'Check in the client whether it can read this file.',
          )
        : fail(`${where}: not valid JSON`, 'Correct it; the client cannot read it either.'),
    ];
  }
  return ocmeshServers(config).map((server) => {
    const missing = missingOf(server, path);
    if (missing === null)
      return ok(`${where}: ${server.name}${server.home ? `, for the home ${server.home}` : ''}`);
    return fail(
      `${where}: ${server.name} starts ${missing}, which does not exist`,
      'Correct `command` and `args` there, or add the server again.',
    );
  });
}

/** Returns the text of a file that mentions ocmesh, else null. */
function readMentioning(path: string): string | null {
  try {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    return /ocmesh/i.test(text) ? text : null;
  } catch {
    return null;
  }
}

function parse(text: string, lenient: boolean): unknown {
  for (const candidate of lenient ? [text, toPlainJson(text)] : [text]) {
    try {
      return JSON.parse(candidate);
    } catch {
      // Try the next one.
    }
  }
  return undefined;
}

/** Returns the program or file that is missing. Only the client can resolve names with variables. */
function missingOf({ command, args }: ServerEntry, path: string): string | null {
  const hasVariable = (word: string): boolean => word.includes('${') || word.includes('%');
  if (!hasVariable(command) && !isProgram(command, path)) return command;
  return args.find((arg) => isAbsolute(arg) && !hasVariable(arg) && !existsSync(arg)) ?? null;
}

function isProgram(command: string, path: string): boolean {
  const places = isAbsolute(command)
    ? [command]
    : path.split(delimiter).map((folder) => join(folder, command));
  return places.some((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
