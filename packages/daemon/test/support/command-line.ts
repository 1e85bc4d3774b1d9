import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { Handlers, Streams } from '@ocmesh/shared/contract';
import { createFakeClock } from '@ocmesh/testkit';
import { onTestFinished } from 'vitest';
import { runCli } from '../../src/cli/cli.ts';
import type { Io } from '../../src/cli/terminal/io.ts';
import { openApi } from './http-api.ts';

export interface CommandOptions {
  /** Width of the terminal on all streams; without it they are pipes. */
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the `ocmesh` command as from a shell. */
export function openCommandLine(environment: Readonly<Record<string, string>> = {}) {
  const clock = createFakeClock();

  /** Starts a command. Write its input to `stdin`. */
  function begin(args: readonly string[], { columns, env = {} }: CommandOptions = {}) {
    const terminal = columns === undefined ? {} : { isTTY: true, columns, rows: 24, ...movements };
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
    };
    const over = runCli(['node', 'ocmesh', ...args], io).then(() => ({
      out: stdout.text(),
      err: stderr.text(),
      code,
    }));
    return {
      stdin,
      out: stdout.text,
      /** Standard output as a reader sees it, without colours. */
      seen: () => stripVTControlCharacters(stdout.text()),
      err: stderr.text,
      /** Resolves when standard output or standard error contains this; rejects if the command ends before. */
      said: (part: string) =>
        Promise.race([
          stdout.said(part),
          stderr.said(part),
          over.then(({ out, err }) => Promise.reject(new Error(`it never said ${part}, but ${out}${err}`))),
        ]),
      /** Presses Ctrl-C. */
      interrupt() {
        for (const run of [...interrupts]) run();
      },
      over,
    };
  }

  return {
    clock,
    begin,
    async run(args: readonly string[], options: CommandOptions & { readonly input?: string } = {}) {
      const command = begin(args, options);
      command.stdin.end(options.input ?? '');
      return command.over;
    },
  };
}

/** Runs the command with a daemon that returns these responses. */
export async function openCommandLineAt(answers: Partial<Handlers & Streams> = {}) {
  const home = mkdtempSync(join(tmpdir(), 'ocmesh-cli-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const token = 'token-of-the-owner';
  writeFileSync(join(home, 'token'), token, { mode: 0o600 });
  const api = await openApi(answers, { auth: 'none', token: () => token });
  const env = { OCMESH_API_URL: `http://127.0.0.1:${api.port}`, OCMESH_HOME: home };
  return { ...openCommandLine(env), calls: api.calls };
}

/** Methods of a terminal's stream that write no text. */
const movements = { clearLine: () => true, cursorTo: () => true, moveCursor: () => true };

function collector(terminal: object) {
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), terminal);
  const waiters = new Set<() => void>();
  let text = '';
  stream.on('data', (part: string) => {
    text += part;
    for (const look of waiters) look();
  });
  return {
    stream,
    text: () => text,
    said: (part: string): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!text.includes(part)) return;
          waiters.delete(look);
          resolve();
        };
        waiters.add(look);
        look();
      }),
  };
}
