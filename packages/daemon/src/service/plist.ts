import { commandOf, type InstalledService, launchdLabel, type ServiceSpec } from './service-spec.ts';

/** Time from SIGTERM to SIGKILL; the daemon needs 5 s at most. */
const EXIT_TIMEOUT_SEC = 20;
/** Least time between two starts: with the start itself, the daemon is back within 10 s. */
const THROTTLE_SEC = 5;
const OPEN_FILES = 4096;

type PlistValue = string | number | boolean | readonly PlistValue[] | { readonly [key: string]: PlistValue };

/** Renders the daemon's LaunchAgent as XML. */
export function renderPlist(spec: ServiceSpec): string {
  const job: PlistValue = {
    Label: launchdLabel,
    ProgramArguments: commandOf(spec, 'launchd'),
    EnvironmentVariables: spec.environment,
    WorkingDirectory: spec.workingDirectory,
    RunAtLoad: true,
    // Not {SuccessfulExit: false}, with which the daemon would stay down after a SIGTERM from macOS itself.
    KeepAlive: true,
    ThrottleInterval: THROTTLE_SEC,
    ExitTimeOut: EXIT_TIMEOUT_SEC,
    // Without it App Nap delays timers.
    ProcessType: 'Interactive',
    // Written in decimal: launchd reads no octal numbers.
    Umask: 0o077,
    SoftResourceLimits: { NumberOfFiles: OPEN_FILES },
    StandardOutPath: '/dev/null',
    StandardErrorPath: spec.errorLog,
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

/** Reads a plist that `renderPlist` wrote; null for any other. */
export function readPlist(text: string): InstalledService | null {
  const nodePath = /<key>ProgramArguments<\/key>\s*<array>\s*<string>([^<]*)<\/string>/.exec(text)?.[1];
  const home = /<key>OCMESH_HOME<\/key>\s*<string>([^<]*)<\/string>/.exec(text)?.[1];
  return nodePath && home ? { nodePath: unescapeXml(nodePath), home: unescapeXml(home) } : null;
}
