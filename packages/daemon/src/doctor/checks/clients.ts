import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { type Check, type Finding, fail, ok, skipped, warn } from '../check.ts';
import {
  type ClientFile,
  clientFiles,
  ocmeshServers,
  type ServerEntry,
  toPlainJson,
} from '../probes/client-files.ts';
import type { Environment } from '../probes/environment.ts';

type Deps = Pick<Environment, 'machine' | 'workingFolder' | 'platform'>;

export const clientsCheck = (deps: Deps): Check => ({
  id: 'clients',
  what: 'Client',
  why: 'An agent uses ocmesh through the MCP server that its client starts.',
  run() {
    // Called in the user's own folder, a project's files are the user's.
    const files = new Map(clientFiles(deps).map((file) => [file.path, file]));
    const findings = [...files.values()].flatMap((file) => lookAt(file, deps.machine.env['PATH'] ?? ''));
    return findings.length > 0 ? findings : skipped('No client is set up for ocmesh here.');
  },
});

function lookAt(file: ClientFile, path: string): Finding[] {
  const text = readMentioning(file.path);
  if (text === null) return [];
  const where = `${file.client}, ${file.path}`;
  const config = parse(text, file.lenient);
  if (config === undefined) {
    return [
      file.lenient
        ? warn(
            `${where}: it names ocmesh, but is no plain JSON`,
            'Ask the client itself whether it reads it.',
          )
        : fail(`${where}: it is no JSON`, 'Correct it: the client cannot read it either.'),
    ];
  }
  return ocmeshServers(config).map((server) => {
    const missing = missingOf(server, path);
    if (missing === null)
      return ok(`${where}: ${server.name}${server.home ? `, for the home ${server.home}` : ''}`);
    return fail(
      `${where}: ${server.name} starts ${missing}, which is not there`,
      'Correct `command` and `args` there, or add the server anew.',
    );
  });
}

/** null where there is nothing about us to read. */
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
      // The next one, or none.
    }
  }
  return undefined;
}

/** What of its command is missing; names with variables in them only the client can resolve. */
function missingOf({ command, args }: ServerEntry, path: string): string | null {
  const isOpen = (word: string): boolean => word.includes('${') || word.includes('%');
  if (!isOpen(command) && !isProgram(command, path)) return command;
  return args.find((arg) => isAbsolute(arg) && !isOpen(arg) && !existsSync(arg)) ?? null;
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
