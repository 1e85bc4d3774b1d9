import type { Clock, Log, Random } from '@ocmesh/shared/ambient';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { createRelayNetwork } from '../../../daemon/src/adapters/nostr/network.ts';
import { direct } from '../../../daemon/src/adapters/nostr/proxy/dialer.ts';
import { compactFiles } from '../../../daemon/src/adapters/store/engine/compaction.ts';
import type { Files } from '../../../daemon/src/adapters/store/engine/files.ts';
import { createStoreFrom, readImage } from '../../../daemon/src/adapters/store/engine/image.ts';
import { openStore } from '../../../daemon/src/adapters/store/store.ts';
import { type Agent, type Bounds, createAgent } from '../../../daemon/src/agent.ts';
import { type Config, defaults } from '../../../daemon/src/config/schema.ts';
import type { Store } from '../../../daemon/src/core/ports/store.ts';
import { withoutCursors } from '../../../daemon/src/home/without-cursors.ts';
import type { TransparentEngine } from '../crypto/transparent-engine.ts';
import type { SimulatedDisk } from '../disk/simulated-disk.ts';
import type { Network } from '../network/network.ts';
import type { SimulatedRelay } from '../relays/simulated-relay.ts';

export const PATH = '/home/ocmesh.db';
export const KEY = Uint8Array.from({ length: 32 }, (_, at) => at * 7);

export interface DaemonOptions {
  readonly name: string;
  readonly config: Partial<Config>;
  readonly bounds: Bounds;
  /** Length of the journal at which it is compacted. */
  readonly compactBytes: number | undefined;
}

/** What all daemons share. */
export interface DaemonDeps {
  readonly engine: TransparentEngine;
  readonly network: Network;
  readonly relay: (url: string) => SimulatedRelay | undefined;
  readonly log: (machine: string) => Log;
}

/** One process. */
interface Process {
  readonly clock: Clock;
  readonly files: Files;
  readonly random: Random;
  /** Names its connections. */
  readonly processName: string;
  readonly isOwner: () => boolean;
  readonly onFailStop: (error: unknown) => void;
  /** Called for each signature check. */
  readonly onVerify: (event: NostrEvent) => void;
}

/** Does what the daemon's `app.ts` does, without a machine. Resolves when the agent runs; never, if the process dies before. */
export async function openDaemon(
  { name, config, bounds, compactBytes }: DaemonOptions,
  { engine, network, relay: relayAt, log: logOf }: DaemonDeps,
  { clock, files, random, processName, isOwner, onFailStop, onVerify }: Process,
): Promise<{ store: Store; agent: Agent }> {
  const log = logOf(name);
  const store = await openStore({
    path: PATH,
    key: KEY,
    files,
    compact: (job) => compactFiles(files, job),
    readImage: ({ path, key, sequence }) => readImage(files, path, key, { sequence }),
    clock,
    log,
    ...(compactBytes === undefined ? {} : { compactBytes }),
    checkOwnership() {
      if (!isOwner()) throw new Error('another process owns the home');
    },
    onFailStop,
  });

  /** Resolves without a document if the relay cannot be reached. */
  async function fetchInfo(url: string) {
    const relay = relayAt(url);
    const isThere = relay?.standing() === 'up' && !network.isCut(name, relay.url);
    return isThere ? relay.info() : { info: null, date: null };
  }

  const agent = await createAgent(
    {
      store,
      engine: {
        ...engine,
        verify(event) {
          onVerify(event);
          return engine.verify(event);
        },
      },
      clock,
      random,
      log,
      connect: (sign) =>
        createRelayNetwork({
          clock,
          random,
          log,
          sign,
          outbound: direct,
          transport: {
            openSocket: (url) => network.connect(name, processName, new URL(url).origin).asWebSocket(),
            fetchInfo,
          },
        }),
      renderMetrics: async () => '',
      prove: async () => ({ proof: '', token_proof: null }),
    },
    { ...defaults, name, ...config },
    bounds,
  );
  await agent.start();
  return { store, agent };
}

/**
 * Keeps the home on this disk as a backup does.
 * @returns a function that restores it there, whatever is wrong with the disk: the command moves a restored home into its place
 * as a whole, and tests of its own break that
 */
export async function backUp(disk: SimulatedDisk): Promise<() => Promise<void>> {
  const files = disk.forProcess(() => {});
  const image = await withoutCursors(await readImage(files, PATH, KEY));
  files.end();
  return async () => {
    disk.crashAt(Number.POSITIVE_INFINITY, 'kill');
    disk.setFull(false);
    disk.wipe();
    const into = disk.forProcess(() => {});
    await createStoreFrom(into, PATH, KEY, image);
    into.end();
  };
}
