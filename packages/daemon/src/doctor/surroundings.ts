import type { Clock, Random } from '@ocmesh/shared/ambient';
import type { ClientOptions } from '@ocmesh/shared/contract';
import type { Home } from '../adapters/system/home.ts';
import type { CryptoEngine } from '../core/ports/crypto-engine.ts';

/** How a program of the system ended. */
export interface Ran {
  /** null when a signal ended it, or it took too long. */
  readonly code: number | null;
  readonly output: string;
}

/** Everything that the doctor looks at or works with. */
export interface Surroundings {
  readonly home: Home;
  /** The user's own folder: where services and clients keep their files. */
  readonly userHome: string;
  /** Where the command was called: a project may have its own client configuration. */
  readonly workingFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  /** null where there are no user numbers. */
  readonly uid: number | null;
  /** Of the Node that runs this, as `20.19.0`. */
  readonly nodeVersion: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly chooseEngine: () => Promise<CryptoEngine>;
  /** How the daemon of this home is reached, if it runs. */
  readonly access: ClientOptions;
  /** null when there is no such program. */
  readonly run: (program: string, args: readonly string[]) => Promise<Ran | null>;
}
