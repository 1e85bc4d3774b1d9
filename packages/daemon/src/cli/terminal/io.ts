import type { Readable, Writable } from 'node:stream';
import type { Cancel, Clock } from '@ocmesh/shared/ambient';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { exitCodes } from '../../adapters/system/exit.ts';

type Input = Readable & { readonly isTTY?: boolean };
export type Output = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** What a command reads, writes and obeys: the process's own, or a test's. */
export interface Io {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Takes over Ctrl-C and its like, until it is cancelled: the command leaves by itself. */
  onInterrupt(run: () => void): Cancel;
  setExitCode(code: number): void;
}

const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function processIo(): Io {
  process.stdout.on('error', endWithoutReader);
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    clock: createSystemClock(),
    onInterrupt(run) {
      for (const signal of INTERRUPTS) process.on(signal, run);
      return () => {
        for (const signal of INTERRUPTS) process.off(signal, run);
      };
    },
    setExitCode(code) {
      process.exitCode = code;
    },
  };
}

/** `ocmesh inbox | head` closes the pipe: there is nobody left to tell anything. */
function endWithoutReader({ code, message }: NodeJS.ErrnoException): void {
  if (code === 'EPIPE') process.exit(exitCodes.clean);
  process.stderr.write(`ocmesh: standard output takes no more: ${message}\n`);
  process.exit(exitCodes.tryAgain);
}

/** For what has more to do than to print: it goes on. */
export function goOnWithoutReader(): void {
  process.stdout.off('error', endWithoutReader);
  process.stdout.on('error', () => {});
}
