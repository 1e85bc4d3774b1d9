import { join } from 'node:path';

/** What a service manager's file makes it run. */
export interface ServiceFile {
  readonly program: string;
  readonly args: readonly string[];
  /** OCMESH_HOME, where it is named. */
  readonly home: string | null;
}

export const launchAgentPath = (userHome: string, label: string): string =>
  join(userHome, 'Library/LaunchAgents', `${label}.plist`);

export const systemdUnitPath = (userHome: string, configFolder = ''): string =>
  join(configFolder || join(userHome, '.config'), 'systemd/user/ocmesh.service');

/** null when it names no program. */
export function readPlist(text: string): ServiceFile | null {
  const list = /<key>ProgramArguments<\/key>\s*<array>([\s\S]*?)<\/array>/.exec(text)?.[1] ?? '';
  const [program, ...args] = [...list.matchAll(/<string>([\s\S]*?)<\/string>/g)].map(([, item = '']) =>
    fromXml(item),
  );
  const home = /<key>OCMESH_HOME<\/key>\s*<string>([\s\S]*?)<\/string>/.exec(text)?.[1];
  return program ? { program, args, home: home === undefined ? null : fromXml(home) } : null;
}

/** null when it names no program. */
export function readUnit(text: string): ServiceFile | null {
  const lines = text.replace(/\\\n/g, ' ').split('\n');
  const valuesOf = (key: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${key}=`) ? words(line.slice(key.length + 1)) : []));
  const [marked = '', ...args] = valuesOf('ExecStart');
  // systemd's marks: ignore failure, no environment, full privileges, own argv[0].
  const program = marked.replace(/^[-@:+!]+/, '');
  const home = valuesOf('Environment').find((word) => word.startsWith('OCMESH_HOME='));
  return program ? { program, args, home: home?.slice('OCMESH_HOME='.length) ?? null } : null;
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

const fromXml = (text: string): string =>
  text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) =>
    name
      ? (entities[name] ?? whole)
      : String.fromCodePoint(Number.parseInt(decimal ?? hex, decimal ? 10 : 16)),
  );

/** Splits as systemd.syntax(7) does: quotes of both kinds, C escapes, %% and $$ for the signs themselves. */
function words(text: string): string[] {
  const found = text.match(/(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\\.|[^\s"'\\])+/g) ?? [];
  return found.map((word) =>
    word
      .replace(/"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'/g, (_, double, single) => double ?? single)
      .replace(/\\(?:x([0-9a-f]{2})|s|(.))/gi, (_, hex, char) =>
        hex ? String.fromCharCode(Number.parseInt(hex, 16)) : (char ?? ' '),
      )
      .replaceAll('%%', '%')
      .replaceAll('$$', '$'),
  );
}
