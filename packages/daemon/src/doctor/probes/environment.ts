import type { ClientOptions } from '@ocmesh/client';
import type { Random } from '@ocmesh/shared/ambient';
import type { Home } from '../../adapters/system/home.ts';
import type { CryptoEngine } from '../../core/ports/crypto-engine.ts';
import type { Machine } from '../../service/find-supervisor.ts';

/** Everything that the doctor reads or uses. */
export interface Environment {
  readonly home: Home;
  /** The user's folder, where services and clients keep their files, and the programs of the system. */
  readonly machine: Machine;
  /** Folder in which the command was called; a project may have its own client configuration. */
  readonly workingFolder: string;
  readonly platform: string;
  /** Version of the Node.js that runs this, like `20.19.0`. */
  readonly nodeVersion: string;
  readonly random: Random;
  readonly chooseEngine: () => Promise<CryptoEngine>;
  /** Access to the daemon of this home, if it is running. */
  readonly access: ClientOptions;
}
