import { agentHome, namedHome } from '@ocmesh/client';
import { nextSteps } from '@ocmesh/shared/contract';
import type { Command } from 'commander';
import { type Home, homeFiles } from '../../adapters/system/home.ts';
import { createDaemonClient, type Daemon } from './daemon-client.ts';
import { CommandError } from './failure.ts';
import type { Io } from './io.ts';
import { createPrinter, type Paint, type Printer, paintFor } from './output.ts';

/** Dependencies of every command. */
export interface CommandContext {
  readonly io: Io;
  /** Home of the agent, which need not exist yet. To be read when the command runs: it throws if the home is unknown. */
  readonly home: Home;
  readonly daemon: Daemon;
  readonly paint: Paint;
  /** A function because --json is known only when the command runs. */
  readonly printer: () => Printer;
}

export const createContext = (io: Io, program: Command): CommandContext => ({
  io,
  get home() {
    return homeFiles(homePath(io));
  },
  daemon: createDaemonClient(io),
  paint: paintFor(io, io.stdout),
  printer: () => createPrinter(io, program.opts()['json'] === true),
});

/** Returns the folder of the agent: the flag, else OCMESH_HOME, else ~/.ocmesh. @throws CommandError if it is unknown */
export function homePath({ env }: Pick<Io, 'env'>, flag?: string): string {
  const found = flag === undefined ? agentHome({ env }) : namedHome('--home', flag);
  if ('path' in found) return found.path;
  throw new CommandError('refused', found.problem, nextSteps.problems.home_unknown.command);
}

/** Formats the example at the end of a command's help. */
export const example = (line: string): string => `\nExample:\n  $ ${line}`;
