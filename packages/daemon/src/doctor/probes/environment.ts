import type { ClientOptions } from '@ocmesh/client';
import type { Random } from '@ocmesh/shared/ambient';
import type { Home } from '../../adapters/system/home.ts';
import type { CryptoEngine } from '../../core/ports/crypto-engine.ts';
import type { Machine } from '../../service/find-supervisor.ts';

/** Everything that the doctor looks at or works with. */
export interface Environment {
  readonly home: Home;
  /** The user's own folder, where services and clients keep their files, and the system's programs. */
  readonly machine: Machine;
  /** Where the command was called: a project may have its own client configuration. */
  readonly workingFolder: string;
  readonly platform: string;
  /** Of the Node that runs this, as `20.19.0`. */
  readonly nodeVersion: string;
  readonly random: Random;
  readonly chooseEngine: () => Promise<CryptoEngine>;
  /** How the daemon of this home is reached, if it runs. */
  readonly access: ClientOptions;
}
