import { commandOf, type InstalledService, type ServiceDescription } from './service-spec.ts';

/** systemd takes no program with such a character in its path; `env` does, and becomes it. */
const UNSAFE = /["'\\]/;
const ENV = '/usr/bin/env';

/** The `systemd --user` unit of the daemon. */
export function renderUnit(description: ServiceDescription): string {
  const command = commandOf(description, 'systemd');
  const [program = '', ...args] = UNSAFE.test(description.nodePath) ? [ENV, ...command] : command;
  const environment = Object.entries(description.environment).map(
    ([name, value]) => `Environment=${quote(`${name}=${value}`)}`,
  );
  return `[Unit]
Description=ocmesh: find other agents and talk to them
# However often it fails, it is started again: nobody looks after a daemon that gave up.
StartLimitIntervalSec=0

[Service]
Type=notify
# Node has no Unix datagrams: the child systemd-notify speaks for it.
NotifyAccess=all
ExecStart=${[quote(program), ...args.map(quoteArgument)].join(' ')}
${environment.join('\n')}
WorkingDirectory=${escapeSpecifiers(description.workingDirectory)}
StandardError=append:${escapeSpecifiers(description.errorLog)}
Restart=always
RestartSec=2
# Only a person can help: a new start is no use.
RestartPreventExitStatus=78
SuccessExitStatus=0 143
WatchdogSec=${description.watchdogSec}
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

/** systemd takes `%h` and the like for its own. */
const escapeSpecifiers = (text: string): string => text.replaceAll('%', '%%');

const quote = (text: string): string => `"${escapeSpecifiers(text).replace(/["\\]/g, '\\$&')}"`;

/** In arguments, but not in the program's path, `$` begins a variable as well. */
const quoteArgument = (text: string): string => quote(text).replaceAll('$', '$$$$');

const unquote = (text: string): string => text.replace(/\\(.)/g, '$1').replaceAll('%%', '%');

/** Of a unit that `renderUnit` wrote; null for any other. */
export function readUnit(text: string): InstalledService | null {
  const line = /^ExecStart=(.*)$/m.exec(text)?.[1] ?? '';
  const [program, argument] = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) =>
    unquote(word),
  );
  const nodePath = program === ENV ? argument?.replaceAll('$$', '$') : program;
  const home = /^Environment="OCMESH_HOME=((?:[^"\\]|\\.)*)"$/m.exec(text)?.[1];
  return nodePath && home ? { nodePath, home: unquote(home) } : null;
}
