import type { PlistDict, PlistValue } from './plist-reader.ts';

/** Keys of launchd.plist(5) that our jobs may use. */
export interface LaunchdJob {
  readonly Label: string;
  readonly ProgramArguments: readonly string[];
  readonly EnvironmentVariables?: Readonly<Record<string, string>>;
  readonly WorkingDirectory?: string;
  readonly RunAtLoad?: boolean;
  readonly KeepAlive?: boolean | { readonly SuccessfulExit?: boolean; readonly Crashed?: boolean };
  readonly ThrottleInterval?: number;
  readonly ExitTimeOut?: number;
  readonly ProcessType?: string;
  readonly Umask?: number;
  readonly SoftResourceLimits?: Readonly<Record<string, number>>;
  readonly StandardOutPath?: string;
  readonly StandardErrorPath?: string;
}

type Check = (value: PlistValue) => boolean;

const isString: Check = (value) => typeof value === 'string';
const isBoolean: Check = (value) => typeof value === 'boolean';
const isAbsolute: Check = (value) => typeof value === 'string' && value.startsWith('/');
const isDict = (value: PlistValue): value is PlistDict => typeof value === 'object' && !Array.isArray(value);
const within =
  (min: number, max: number): Check =>
  (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
const dictOf =
  (check: Check, names?: readonly string[]): Check =>
  (value) =>
    isDict(value) &&
    Object.entries(value).every(([key, item]) => check(item) && (names?.includes(key) ?? true));

const keys: { readonly [K in keyof Required<LaunchdJob>]: Check } = {
  Label: isString,
  ProgramArguments: (value) =>
    Array.isArray(value) && value.length > 0 && value.every(isString) && isAbsolute(value[0] ?? ''),
  EnvironmentVariables: dictOf(isString),
  WorkingDirectory: isAbsolute,
  RunAtLoad: isBoolean,
  KeepAlive: (value) => isBoolean(value) || dictOf(isBoolean, ['SuccessfulExit', 'Crashed'])(value),
  ThrottleInterval: within(1, 3_600),
  // 0 would wait forever.
  ExitTimeOut: within(1, 3_600),
  ProcessType: (value) => ['Background', 'Standard', 'Adaptive', 'Interactive'].includes(String(value)),
  Umask: within(0, 0o777),
  SoftResourceLimits: dictOf(within(1, 1_000_000), ['NumberOfFiles']),
  StandardOutPath: isAbsolute,
  StandardErrorPath: isAbsolute,
};

/** Reads a job from a property list. @throws Error that names every unknown, missing or mistyped key */
export function readJob(plist: PlistValue): LaunchdJob {
  if (!isDict(plist)) throw new Error('a job is a dict');
  const wrong = Object.entries(plist)
    .filter(([key, value]) => !(keys as Record<string, Check>)[key]?.(value))
    .map(([key]) => key);
  const missing = ['Label', 'ProgramArguments'].filter((key) => !(key in plist));
  if (wrong.length + missing.length > 0)
    throw new Error(`wrong or missing: ${[...wrong, ...missing].join(', ')}`);
  // Checked key by key above.
  return plist as unknown as LaunchdJob;
}
