import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Handlers, Streams } from '@ocmesh/shared/contract';
import { createFakeClock } from '@ocmesh/testkit';
import { expect, onTestFinished } from 'vitest';
import type { PageFile } from '../../src/adapters/http/page/page-files.ts';
import { runCli } from '../../src/cli/cli.ts';
import type { Io } from '../../src/cli/terminal/io.ts';
import { openApi } from './http-api.ts';

export interface CommandOptions {
  /** Both ends of a terminal of this width, instead of pipes. */
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the `ocmesh` command as a shell would, with its streams, environment and clock under control of the test. */
export function openCommandLine(environment: Readonly<Record<string, string>> = {}) {
  const clock = createFakeClock();

  /** Starts a command. The test writes its input to `stdin`. */
  function start(args: readonly string[], { columns, env = {} }: CommandOptions = {}) {
    const terminal = columns === undefined ? {} : { isTTY: true, columns, rows: 24, ...cursorMethods };
    const stdin = Object.assign(new PassThrough(), columns === undefined ? {} : { isTTY: true });
    const [stdout, stderr] = [collector(terminal), collector(terminal)];
    const interrupts = new Set<() => void>();
    let code = 0;
    const io: Io = {
      stdin,
      stdout: stdout.stream,
      stderr: stderr.stream,
      env: { ...environment, ...env },
      clock,
      onInterrupt(run) {
        interrupts.add(run);
        return () => void interrupts.delete(run);
      },
      setExitCode(next) {
        code = next;
      },
      // Nothing else is left to do.
      exitNow(next) {
        code = next;
      },
    };
    const exited = runCli(['node', 'ocmesh', ...args], io).then(() => {
      const [out, err] = [stdout.text(), stderr.text()];
      // A person at the command line cannot make a REST call with it.
      expect(`${out}\n${err}`).not.toMatch(/\b(GET|POST|PUT|PATCH|DELETE) \//);
      return { out, err, code };
    });
    return {
      stdin,
      out: stdout.text,
      err: stderr.text,
      /** Resolves when standard output or error contains this text; rejects if the command exits before. */
      printed: (part: string) =>
        Promise.race([
          stdout.printed(part),
          stderr.printed(part),
          exited.then(({ out, err }) =>
            Promise.reject(new Error(`it never printed ${part}, but ${out}${err}`)),
          ),
        ]),
      /** Presses Ctrl-C. */
      interrupt() {
        for (const run of [...interrupts]) run();
      },
      exited,
    };
  }

  return {
    clock,
    start,
    async run(args: readonly string[], options: CommandOptions & { readonly input?: string } = {}) {
      const command = start(args, options);
      command.stdin.end(options.input ?? '');
      return command.exited;
    },
  };
}

/** Opens a command line with a running daemon that has these handlers. */
export async function openCommandLineAt(
  handlers: Partial<Handlers & Streams> = {},
  page: readonly PageFile[] = [],
) {
  const home = mkdtempSync(join(tmpdir(), 'ocmesh-cli-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const token = 'token-of-the-owner';
  writeFileSync(join(home, 'token'), token, { mode: 0o600 });
  const api = await openApi(handlers, { auth: 'none', token: () => token }, page);
  const env = { OCMESH_API_URL: `http://127.0.0.1:${api.port}`, OCMESH_HOME: home };
  return { ...openCommandLine(env), home, api, calls: api.calls };
}

/** Methods of a terminal's stream that print no text. */
const cursorMethods = { clearLine: () => true, cursorTo: () => true, moveCursor: () => true };

function collector(terminal: object) {
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), terminal);
  const waiters = new Set<() => void>();
  let text = '';
  stream.on('data', (part: string) => {
    text += part;
    for (const check of waiters) check();
  });
  return {
    stream,
    text: () => text,
    printed: (part: string): Promise<void> =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!text.includes(part)) return;
          waiters.delete(check);
          resolve();
        };
        waiters.add(check);
        check();
      }),
  };
}
