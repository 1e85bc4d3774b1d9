import { commandOf, type InstalledService, launchdLabel, type ServiceDescription } from './service-spec.ts';

/** launchd sends SIGKILL so long after SIGTERM; the daemon takes 5 s at most. */
const EXIT_TIMEOUT_SEC = 20;
/** At most one start in so many seconds: with the start itself it is back within 10 s. */
const THROTTLE_SEC = 5;
const OPEN_FILES = 4096;

type PlistValue = string | number | boolean | readonly PlistValue[] | { readonly [key: string]: PlistValue };

/** The LaunchAgent of the daemon, as XML. */
export function renderPlist(description: ServiceDescription): string {
  const job: PlistValue = {
    Label: launchdLabel,
    ProgramArguments: commandOf(description, 'launchd'),
    EnvironmentVariables: description.environment,
    WorkingDirectory: description.workingDirectory,
    RunAtLoad: true,
    // Not {SuccessfulExit: false}: then a SIGTERM from macOS itself would leave it down.
    KeepAlive: true,
    ThrottleInterval: THROTTLE_SEC,
    ExitTimeOut: EXIT_TIMEOUT_SEC,
    // Without it App Nap stretches the timers.
    ProcessType: 'Interactive',
    // Decimal: launchd knows no octal numbers.
    Umask: 0o077,
    SoftResourceLimits: { NumberOfFiles: OPEN_FILES },
    StandardOutPath: '/dev/null',
    StandardErrorPath: description.errorLog,
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    ...lines(job, ''),
    '</plist>',
    '',
  ].join('\n');
}

function lines(value: PlistValue, indent: string): string[] {
  const deeper = `${indent}  `;
  if (typeof value === 'string') return [`${indent}<string>${escapeXml(value)}</string>`];
  if (typeof value === 'number') return [`${indent}<integer>${value}</integer>`];
  if (typeof value === 'boolean') return [`${indent}<${value}/>`];
  if (Array.isArray(value))
    return [`${indent}<array>`, ...value.flatMap((item) => lines(item, deeper)), `${indent}</array>`];
  return [
    `${indent}<dict>`,
    ...Object.entries(value).flatMap(([key, item]) => [
      `${deeper}<key>${escapeXml(key)}</key>`,
      ...lines(item, deeper),
    ]),
    `${indent}</dict>`,
  ];
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const unescapeXml = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/** Of a plist that `renderPlist` wrote; null for any other. */
export function readPlist(text: string): InstalledService | null {
  const nodePath = /<key>ProgramArguments<\/key>\s*<array>\s*<string>([^<]*)<\/string>/.exec(text)?.[1];
  const home = /<key>OCMESH_HOME<\/key>\s*<string>([^<]*)<\/string>/.exec(text)?.[1];
  return nodePath && home ? { nodePath: unescapeXml(nodePath), home: unescapeXml(home) } : null;
}
