import type { Command } from 'commander';
import { createDaemonClient, type Daemon } from './daemon-client.ts';
import type { Io } from './io.ts';
import { createPrinter, type Printer } from './output.ts';
import { type Paint, paintFor } from './paint.ts';

/** What commands are made of. */
export interface CommandContext {
  readonly io: Io;
  readonly daemon: Daemon;
  readonly paint: Paint;
  /** Known when the command line is read, so asked for when the command runs. */
  readonly printer: () => Printer;
}

export const createContext = (io: Io, program: Command): CommandContext => ({
  io,
  daemon: createDaemonClient(io),
  paint: paintFor(io, io.stdout),
  printer: () => createPrinter(io, program.opts()['json'] === true),
});

/** The last lines of a command's help. */
export const example = (line: string): string => `\nExample:\n  $ ${line}`;
