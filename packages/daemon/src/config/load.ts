import { readFileSync } from 'node:fs';
import { createChecker } from '@ocmesh/shared/contract';
import { parseRelayUrl } from '@ocmesh/shared/wire';
import { toExitError } from '../adapters/system/exit.ts';
import { errnoOf } from '../node/errno.ts';
import { type OutboundSettings, outboundSettings } from './outbound.ts';
import { refuse } from './refuse.ts';
import { type Config, ConfigFile, defaults, environment, formerNames } from './schema.ts';

export interface LoadedConfig {
  readonly values: Config;
  /** Where each value comes from: `default`, the file's path, the variable's name, or the flag. */
  readonly origins: Readonly<Record<keyof Config, string>>;
  /** How relays are reached. */
  readonly outbound: OutboundSettings;
  /** Fields that `config.json` has under their former names. */
  readonly renamed: readonly RenamedField[];
}

export interface RenamedField {
  readonly former: string;
  readonly name: keyof Config;
}

/** Returns the log line that asks to rename a field. */
export const renameNotice = ({ former, name }: RenamedField): string =>
  `config.json: ${former} is now called ${name}; the old name still works, but please rename it`;

const check = createChecker(ConfigFile);

/**
 * Loads the configuration: defaults < file < environment < flags.
 * @param flags values given on the command line, under the names of `config.json`
 * @throws ExitError that names the invalid value and its source
 */
export function loadConfig(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Partial<Record<keyof Config, unknown>>>,
): LoadedConfig {
  const values = { ...defaults };
  const { layer: fileLayer, renamed } = withCurrentNames(readFile(path), path);
  const origins = Object.fromEntries(Object.keys(defaults).map((key) => [key, 'default'])) as Record<
    keyof Config,
    string
  >;

  function apply(layer: Readonly<Record<string, unknown>>, originOf: (key: string) => string): void {
    for (const [key, value] of Object.entries(layer)) {
      if (value === undefined) continue;
      const checked = check({ [key]: value });
      if (!checked.ok) throw refuse(originOf(key), checked.problem);
      Object.assign(values, checked.value);
      origins[key as keyof Config] = originOf(key);
    }
  }

  apply(fileLayer, () => path);
  apply(readEnvironment(env), (key) => environment[key as keyof Config]?.variable ?? key);
  apply(flags, flagOf);
  if (values.relays) values.relays = normalizeRelays(values.relays, origins.relays);
  return { values, origins, renamed, outbound: outboundSettings(values, origins, env, path) };
}

/** Returns the flag of a setting; `--relay` is given once per relay. */
const flagOf = (key: string): string => (key === 'relays' ? '--relay' : `--${key.replaceAll('_', '-')}`);

function readFile(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    // ENOTDIR: the start refuses the folder itself.
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return {};
    throw toExitError(error) ?? error;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Refused below.
  }
  throw refuse(path, 'it is not a JSON object');
}

/** Moves values from former names to current ones. */
function withCurrentNames(file: Record<string, unknown>, path: string) {
  const layer = { ...file };
  const renamed: RenamedField[] = [];
  for (const [former, name] of formerNames) {
    if (!(former in layer)) continue;
    const value = layer[former];
    delete layer[former];
    const checked = check({ [name]: value });
    // The owner looks for the name that the file uses.
    if (!checked.ok) throw refuse(path, checked.problem.replace(name, former));
    if (name in layer && layer[name] !== value)
      throw refuse(path, `${former} is the former name of ${name}, and the two have different values`);
    layer[name] = value;
    renamed.push({ former, name });
  }
  return { layer, renamed };
}

function readEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const layer: Record<string, unknown> = {};
  for (const [key, source] of Object.entries(environment)) {
    const text = env[source.variable];
    // An empty variable is how people unset one.
    if (text !== undefined && text !== '') layer[key] = source.read(text);
  }
  return layer;
}

function normalizeRelays(urls: readonly string[], origin: string): string[] {
  const normal = urls.map((url) => {
    const parsed = parseRelayUrl(url);
    if ('url' in parsed) return parsed.url;
    throw refuse(
      origin,
      // A password is never repeated: this text is logged.
      parsed.problem === 'credentials'
        ? 'a relay address contains a password'
        : `${JSON.stringify(url)} is not a relay address`,
    );
  });
  return [...new Set(normal)];
}
