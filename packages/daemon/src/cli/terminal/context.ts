import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Home, homeFiles } from '../../adapters/system/home.ts';
import { createDaemonClient, type Daemon } from './daemon-client.ts';
import type { Io } from './io.ts';
import { createPrinter, type Paint, type Printer, paintFor } from './output.ts';

/** Dependencies of every command. */
export interface CommandContext {
  readonly io: Io;
  /** Home of the agent, which need not exist yet. */
  readonly home: Home;
  readonly daemon: Daemon;
  readonly paint: Paint;
  /** A function because --json is known only when the command runs. */
  readonly printer: () => Printer;
}

export const createContext = (io: Io, program: Command): CommandContext => ({
  io,
  home: homeFiles(homePath(io)),
  daemon: createDaemonClient(io),
  paint: paintFor(io, io.stdout),
  printer: () => createPrinter(io, program.opts()['json'] === true),
});

/** Returns the folder of the agent: the flag, else OCMESH_HOME, else ~/.ocmesh. */
export const homePath = ({ env }: Pick<Io, 'env'>, flag?: string): string =>
  flag ?? (env['OCMESH_HOME'] || join(homedir(), '.ocmesh'));

/** Formats the example at the end of a command's help. */
export const example = (line: string): string => `\nExample:\n  $ ${line}`;
