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

/** Streams, environment, clock and signals of a command: those of the process, or of a test. */
export interface Io {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Handles Ctrl-C and similar signals until it is cancelled; the command then has to end by itself. */
  onInterrupt(run: () => void): Cancel;
  setExitCode(code: number): void;
  /** Ends the process, for a command that has written everything: it would take some more milliseconds to end by itself. */
  exitNow(code: number): void;
}

const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function processIo(): Io {
  process.stdout.on('error', exitOnClosedOutput);
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
    exitNow: (code) => process.exit(code),
  };
}

/** Ends the process when nobody reads its output any more, as in `ocmesh inbox | head`. */
function exitOnClosedOutput({ code, message }: NodeJS.ErrnoException): void {
  if (code === 'EPIPE') process.exit(exitCodes.clean);
  process.stderr.write(`ocmesh: cannot write to standard output: ${message}\n`);
  process.exit(exitCodes.tryAgain);
}

/** For commands that do more than print: they keep running when their output is closed. */
export function ignoreClosedOutput(): void {
  process.stdout.off('error', exitOnClosedOutput);
  process.stdout.on('error', () => {});
}
