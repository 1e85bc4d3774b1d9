import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fromHex, type UnixMs } from '@ocmesh/shared/ambient';
import type { OcmeshError, Policy, RelayDetails } from '@ocmesh/shared/contract';
import { realFiles } from '../../adapters/store/engine/files.ts';
import { readImage } from '../../adapters/store/engine/image.ts';
import { schemaVersion } from '../../adapters/store/sql/migrations/index.ts';
import { openSql } from '../../adapters/store/sql/sql.ts';
import { createDatabase } from '../../adapters/store/tables/database.ts';
import { createTables } from '../../adapters/store/tables/index.ts';
import { readKeystore } from '../../adapters/system/keystore.ts';
import { findOwner } from '../../adapters/system/ownership.ts';
import { candidateRelays, haveSameOperator } from '../../config/candidate-relays.ts';
import { type LoadedConfig, loadConfig } from '../../config/load.ts';
import { goesAround } from '../../config/outbound.ts';
import { createIdentity, type Identity } from '../../core/identity/identity.ts';
import { newSecretKey } from '../../core/identity/new-secret-key.ts';
import { chooseRelays, type RelayChoice } from '../../core/relays/choose-relays.ts';
import { storedPolicy } from '../../core/trust/policy.ts';
import { type FoundSupervisor, findSupervisor } from '../../service/find-supervisor.ts';
import type { Environment } from './environment.ts';
import { relaysOfLastRun } from './last-run.ts';
import { createRelayProbe, type RelayProbe, whenSettled } from './relay-probe.ts';
import { createRunningDaemon, type DaemonFacts, type RunningSettings } from './running-daemon.ts';

/** Schema that introduced the table of relay choices. */
const RELAY_CHOICES_SINCE = 2;

/** Contents of the home's store, which is only read. */
export interface StoreFacts {
  readonly schema: number;
  readonly bytes: number;
  readonly messages: number;
  readonly secretKey: Uint8Array | null;
  /** Rules set with `ocmesh policy`. */
  readonly policy: Partial<Policy>;
  readonly relayChoices: readonly RelayChoice[];
  /** Relays that we ever subscribed to, and until when. */
  readonly listened: readonly { readonly url: string; readonly cursorMs: UnixMs }[];
}

/** Facts shared by checks, computed lazily once. */
export interface Facts {
  config(): LoadedConfig;
  dataKey(): Uint8Array;
  hasStore(): boolean;
  /** null if there is none yet. @throws UnreadableStoreError */
  store(): Promise<StoreFacts | null>;
  /** Process that owns the home. */
  owner(): ReturnType<typeof findOwner>;
  /** Service manager of this machine, or why there is none. */
  serviceManager(): Promise<FoundSupervisor>;
  /** null if no daemon is running, or it does not respond. */
  daemon(): Promise<DaemonFacts | null>;
  /** Why a running daemon cannot be used: an older one, or another program at its address; null if that is not why. */
  daemonProblem(): OcmeshError | null;
  /** null if no daemon is running, or it does not respond. */
  runningSettings(): Promise<RunningSettings | null>;
  /**
   * Our own relays, as the running daemon sees them. Without a daemon, as seen over a short connection: the configured
   * ones or, if none are configured, those of the last run.
   */
  relays(): Promise<readonly RelayDetails[]>;
  relaysAreOfLastRun(): Promise<boolean>;
  /** Whether our own connections would go around the daemon's proxy: then we make none. */
  goesAroundProxy(): Promise<boolean>;
  /** Connections for checks, with the identity of the home or else a new one. */
  probe(): Promise<{ readonly probe: RelayProbe; readonly identity: Identity }>;
  close(): Promise<void>;
}

export function createFacts(environment: Environment): Facts {
  const { home, random } = environment;
  const { clock, env } = environment.machine;
  const config = once(() => loadConfig(home.config, env, {}));
  const dataKey = once(() => readKeystore(home));
  const owner = once(() => findOwner(home.lockFile, clock));
  const serviceManager = once(() => findSupervisor(environment.machine));
  const runningDaemon = createRunningDaemon(clock, environment.access);
  const opened: RelayProbe[] = [];
  const hasStore = (): boolean =>
    existsSync(home.path) && readdirSync(home.path).some((name) => name.startsWith(basename(home.database)));

  const store = once(async (): Promise<StoreFacts | null> => {
    if (!hasStore()) return null;
    const image = await readImage(realFiles, home.database, dataKey());
    const sql = await openSql(image);
    try {
      const schema = schemaVersion(sql);
      // The first start was interrupted before it wrote anything.
      if (schema === 0) return null;
      const tables = createTables(createDatabase(sql, () => {}));
      const secretKey = tables.meta.get('secret_key');
      return {
        schema,
        bytes: image.length,
        messages: Number(sql.one('SELECT count(*) FROM messages')?.[0] ?? 0),
        secretKey: secretKey === null ? null : fromHex(secretKey),
        policy: storedPolicy(tables),
        listened: sql
          .all('SELECT url, cursor FROM relays WHERE cursor IS NOT NULL')
          .map(([url, cursorMs]) => ({ url: url as string, cursorMs: cursorMs as UnixMs })),
        relayChoices: schema >= RELAY_CHOICES_SINCE ? tables.relayChoices.list() : [],
      };
    } finally {
      sql.close();
    }
  });

  const daemon = once(async (): Promise<DaemonFacts | null> => {
    // If the daemon is dead, whatever responds at the URL in its daemon.json is something else.
    if (!(await owner())?.isRunning) return null;
    return runningDaemon.find();
  });

  const probe = once(async () => {
    const engine = await environment.chooseEngine();
    const secretKey = (await store())?.secretKey ?? newSecretKey(engine, random);
    const identity = createIdentity({ engine, random, clock }, secretKey);
    const made = createRelayProbe({ clock, random, identity, outbound: config().outbound });
    opened.push(made);
    return { probe: made, identity };
  });

  /** Relays of the last run, if they came from flags or an environment that we cannot see; null if we know them anyway. */
  const lastRun = once(async () => {
    const read = await store();
    if (config().values.relays !== null || read === null || (await daemon())) return null;
    const knownHere = { candidates: candidateRelays, choices: read.relayChoices };
    return relaysOfLastRun(read.listened, knownHere, clock.now());
  });

  const relays = once(async () => {
    const running = await daemon();
    if (running) return whenSettled(clock, runningDaemon.ownRelays, config().outbound);
    const configured = { named: config().values.relays, candidates: candidateRelays, haveSameOperator };
    const urls = (await lastRun()) ?? chooseRelays(configured, (await store())?.relayChoices ?? []);
    return (await probe()).probe.connect(urls);
  });

  return {
    config,
    dataKey,
    hasStore,
    store,
    owner,
    serviceManager,
    daemon,
    daemonProblem: runningDaemon.problem,
    async runningSettings() {
      const running = await daemon();
      return running && runningDaemon.settings(running);
    },
    relays,
    goesAroundProxy: async () => goesAround((await daemon())?.status.proxy ?? null, config().outbound),
    relaysAreOfLastRun: async () => (await lastRun()) !== null,
    probe,
    async close() {
      await Promise.all(opened.map((one) => one.close()));
    },
  };
}

function once<T>(find: () => T): () => T {
  let found: { readonly value: T } | null = null;
  return () => {
    found ??= { value: find() };
    return found.value;
  };
}
