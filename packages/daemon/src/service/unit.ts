import { commandOf, type InstalledService, type ServiceSpec } from './service-spec.ts';

/** systemd refuses a program with such a character in its path; `env` accepts it and executes it. */
const UNSAFE = /["'\\]/;
const ENV = '/usr/bin/env';

/** Renders the daemon's `systemd --user` unit. */
export function renderUnit(spec: ServiceSpec): string {
  const command = commandOf(spec, 'systemd');
  const [program = '', ...args] = UNSAFE.test(spec.nodePath) ? [ENV, ...command] : command;
  const environment = Object.entries(spec.environment).map(
    ([name, value]) => `Environment=${quote(`${name}=${value}`)}`,
  );
  return `[Unit]
Description=ocmesh: find other agents and talk to them
# No start limit: nobody watches a daemon that gave up.
StartLimitIntervalSec=0

[Service]
Type=notify
# Node has no Unix datagrams: its child systemd-notify notifies.
NotifyAccess=all
ExecStart=${[quote(program), ...args.map(quoteArgument)].join(' ')}
${environment.join('\n')}
# glibc would keep what compactions freed: after 4,000 messages 150 MB instead of 107 MB.
Environment=MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=131072
WorkingDirectory=${escapeSpecifiers(spec.workingDirectory)}
StandardError=append:${escapeSpecifiers(spec.errorLog)}
Restart=always
RestartSec=2
# Only a person can help; a restart does not.
RestartPreventExitStatus=78
SuccessExitStatus=0 143
WatchdogSec=${spec.watchdogSec}
TimeoutStartSec=120
TimeoutStopSec=20
KillMode=mixed
UMask=0077
LimitCORE=0
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native

[Install]
WantedBy=default.target
`;
}

/** systemd expands `%h` and the like. */
const escapeSpecifiers = (text: string): string => text.replaceAll('%', '%%');

const quote = (text: string): string => `"${escapeSpecifiers(text).replace(/["\\]/g, '\\$&')}"`;

/** `$` starts a variable in arguments, but not in the program's path. */
const quoteArgument = (text: string): string => quote(text).replaceAll('$', '$$$$');

const unquote = (text: string): string => text.replace(/\\(.)/g, '$1').replaceAll('%%', '%');

/** Reads a unit that `renderUnit` wrote; null for any other. */
export function readUnit(text: string): InstalledService | null {
  const line = /^ExecStart=(.*)$/m.exec(text)?.[1] ?? '';
  const [program, argument] = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) =>
    unquote(word),
  );
  const nodePath = program === ENV ? argument?.replaceAll('$$', '$') : program;
  const home = /^Environment="OCMESH_HOME=((?:[^"\\]|\\.)*)"$/m.exec(text)?.[1];
  return nodePath && home ? { nodePath, home: unquote(home) } : null;
}
