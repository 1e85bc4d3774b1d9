import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createRealClock } from '../real-clock.ts';
import { createLaunchctl, type Reply } from './launchctl.ts';

export interface LaunchdStandIn {
  /** Folder to put first in PATH, with `launchctl` and `uname` of a Mac. */
  readonly binFolder: string;
  /** Calls of launchctl so far, as typed. */
  readonly calls: readonly string[];
  /** Calls launchctl. */
  launchctl(...args: string[]): Reply;
  /** Ends every job. */
  close(): Promise<void>;
}

export interface LaunchdStandInOptions {
  /** Folder with a short path: it holds a socket. */
  readonly place: string;
  /** HOME of the jobs. */
  readonly userHome: string;
  /** Replaces every job's ThrottleInterval, to save time in tests. */
  readonly throttleSec?: number;
  /** Additions to the jobs' environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

const TEARDOWN_MS = 700;

/** A client that calls the stand-in over its socket, as launchctl calls launchd over Mach. */
const CLIENT = `import { connect } from 'node:net';
const socket = connect(process.argv[2]);
socket.end(JSON.stringify(process.argv.slice(3)));
let text = '';
for await (const chunk of socket) text += chunk;
const reply = JSON.parse(text);
(reply.code === 0 ? process.stdout : process.stderr).write(reply.text ? reply.text + '\\n' : '');
process.exitCode = reply.code;
`;

/** Starts a stand-in for launchd, for programs that run with `binFolder` first in PATH. */
export async function startLaunchdStandIn(options: LaunchdStandInOptions): Promise<LaunchdStandIn> {
  const { place, userHome, throttleSec, environment = {} } = options;
  const socketPath = join(place, 'launchd.sock');
  const binFolder = join(place, 'bin');
  const calls: string[] = [];
  const launchctl = createLaunchctl({
    clock: createRealClock(),
    uid: process.getuid?.() ?? 0,
    teardownMs: TEARDOWN_MS,
    environment: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', HOME: userHome, TMPDIR: '/tmp/', ...environment },
    ...(throttleSec === undefined ? {} : { throttleSec }),
  });
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('end', () => {
      const args = JSON.parse(text) as string[];
      calls.push(args.join(' '));
      socket.end(JSON.stringify(launchctl.call(args)));
    });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));

  mkdirSync(binFolder, { recursive: true });
  const client = join(place, 'launchctl.mjs');
  writeFileSync(client, CLIENT);
  const shims = {
    launchctl: `exec '${process.execPath}' '${client}' '${socketPath}' "$@"`,
    uname: 'echo Darwin',
  };
  for (const [name, line] of Object.entries(shims)) {
    writeFileSync(join(binFolder, name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(binFolder, name), 0o755);
  }

  return {
    binFolder,
    calls,
    launchctl: (...args) => launchctl.call(args),
    async close() {
      await launchctl.end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
