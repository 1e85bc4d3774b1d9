import { fileURLToPath } from 'node:url';
import { type Clock, type Log, pollUntil, settlesWithin, toIso } from '@ocmesh/shared/ambient';
import { ocmeshVersion } from '@ocmesh/shared/wire';
import { chooseEngine } from './adapters/crypto/choose-engine.ts';
import { createSignatureThread } from './adapters/crypto/signature-thread.ts';
import type { CallerOptions } from './adapters/http/authenticate.ts';
import { identifyPortOwner } from './adapters/http/identify-port-owner.ts';
import { httpLimits } from './adapters/http/limits.ts';
import { type PageFile, readPage } from './adapters/http/page/page-files.ts';
import { type HttpServer, listen } from './adapters/http/server.ts';
import { createFileLog, type FileLog } from './adapters/log/logger.ts';
import { createRenderMetrics } from './adapters/metrics/prometheus.ts';
import { createRelayNetwork } from './adapters/nostr/network.ts';
import { compactInWorker, readImageInWorker } from './adapters/store/engine/compaction.ts';
import { UnreadableStoreError } from './adapters/store/engine/errors.ts';
import { realFiles } from './adapters/store/engine/files.ts';
import { openStore } from './adapters/store/store.ts';
import { createSystemClock, localMinuteOfDay } from './adapters/system/clock.ts';
import { collectGarbage } from './adapters/system/collect-garbage.ts';
import { writeDaemonFile } from './adapters/system/daemon-file.ts';
import { ExitError, exitCodes, toExitError } from './adapters/system/exit.ts';
import { type Home, prepareHome } from './adapters/system/home.ts';
import { copyFound, copyStep, originalOf, rememberPlace } from './adapters/system/home-place.ts';
import { createHomeProof } from './adapters/system/home-proof.ts';
import { openKeystore } from './adapters/system/keystore.ts';
import { LostOwnershipError, takeOwnership } from './adapters/system/ownership.ts';
import { createSystemRandom } from './adapters/system/random.ts';
import { openTokenFile } from './adapters/system/token-file.ts';
import { type Agent, createAgent } from './agent.ts';
import type { OutboundSettings } from './config/outbound.ts';
import type { Config } from './config/schema.ts';
import { checkNotInterrupted } from './home/unfinished-home.ts';
import { errnoOf } from './node/errno.ts';

/** How long a start waits for a port that another program holds, and how often it tries. */
const PORT_WAIT_MS = 5_000;
const PORT_RETRY_MS = 250;
/** Bytes of a database whose copies, left by the start, are worth a collection, and when: after the first responses. */
const LARGE_BYTES = 8 * 1024 * 1024;
const COLLECT_MS = 1_000;
/** Part of `drainMs` that is reserved for closing the store. */
const CLOSE_MS = 1_500;

export interface Daemon {
  readonly url: string;
  readonly pubkey: string;
  readonly npub: string;
  readonly log: Log;
  /**
   * Finishes running HTTP requests, publishes the offline presence and closes the store. A second call waits for the first.
   */
  stop(): Promise<void>;
}

/**
 * Starts the daemon of one home.
 * @throws ExitError if the cause is known
 */
export async function startDaemon(
  home: Home,
  config: Config,
  options: { readonly logToStderr: boolean; readonly outbound: OutboundSettings },
): Promise<Daemon> {
  const { logToStderr, outbound } = options;
  const tightened = prepareHome(home);
  const clock = createSystemClock();
  const random = createSystemRandom();
  /** What has to be undone, in reverse order, after a stop or if the start fails half-way. */
  const undo: (() => void | Promise<void>)[] = [];
  try {
    const ownership = await takeOwnership(home.lockFile, {
      clock,
      random,
      onLost: (error) => exitNow(error),
    });
    undo.push(ownership.release);
    checkNotInterrupted(home);
    const log = openLog(home, clock, config, logToStderr);
    /** Only a new start can find out what is on the disk now; a service manager starts us at once. */
    const exitNow = (error: unknown): never => {
      if (error instanceof LostOwnershipError) log.error(error.message);
      log.close();
      process.exit(error instanceof LostOwnershipError ? error.exitCode : exitCodes.crash);
    };
    undo.push(log.close);
    for (const { path, mode } of tightened)
      log.warn('others had access to this, and may have read or changed it; now only you have', {
        path,
        mode,
      });
    const original = originalOf(home);
    if (original === null) rememberPlace(home);
    else log.warn(`${copyFound(original)} ${copyStep}`);
    const store = await openStore({
      path: home.database,
      key: openKeystore(home),
      files: realFiles,
      compact: compactInWorker,
      readImage: readImageInWorker,
      clock,
      log,
      checkOwnership: ownership.check,
      onFailStop: exitNow,
    });
    undo.push(store.close);
    if (store.size().bytes > LARGE_BYTES) undo.push(clock.after(COLLECT_MS, collectGarbage));
    const token = openTokenFile(home.tokenFile, { random, log });
    const homeProof = createHomeProof({ random, token });
    let port = config.port;
    const signatureChecks = createSignatureThread({ clock, log });
    undo.push(signatureChecks.stop);
    const agent = await createAgent(
      {
        store,
        engine: await chooseEngine(log),
        signatureChecks,
        clock,
        random,
        log,
        minuteOfDay: localMinuteOfDay,
        connect: (sign) => createRelayNetwork({ clock, random, log, sign, outbound }),
        proxy: describeProxy(outbound),
        renderMetrics: createRenderMetrics({ clock, logLinesLost: log.lost }),
        memoryBytes: () => process.memoryUsage.rss(),
        prove: async ({ nonce }) => homeProof.prove(nonce, port),
      },
      config,
    );
    const callers = { auth: config.api_auth, token };
    const page = findPage(log);
    const server = await listenOrExplain(config.port, agent, { clock, random, log }, { callers, page });
    undo.push(server.close);
    port = server.port;
    undo.push(writeDaemonFile(home.daemonFile, port, toIso(clock.now()), homeProof.key));
    await agent.start();
    if (outbound.proxy) log.info('relays are reached through a proxy', { ...describeProxy(outbound) });
    log.info(`ocmesh ${ocmeshVersion} started`, { pubkey: agent.identity.pubkey, port: server.port });

    let stopping: Promise<unknown> | undefined;
    async function stop(): Promise<void> {
      log.info('stopping');
      // Slow relays and clients must not delay closing the store.
      const drained = Promise.all([agent.stop(), server.close()]);
      await settlesWithin(clock, httpLimits.drainMs - CLOSE_MS, drained);
      log.info('stopped');
      await unwind(undo);
    }
    return {
      url: `http://127.0.0.1:${server.port}`,
      pubkey: agent.identity.pubkey,
      npub: agent.identity.npub,
      log,
      async stop() {
        stopping ??= settlesWithin(clock, httpLimits.drainMs, stop());
        await stopping;
      },
    };
  } catch (error) {
    await unwind(undo);
    throw explain(error);
  }
}

const describeProxy = ({ proxy, proxyFrom }: OutboundSettings) =>
  proxy && { address: proxy.shown, from: proxyFrom ?? '' };

function openLog(home: Home, clock: Clock, config: Config, toStderr: boolean): FileLog {
  try {
    const paths = { file: home.logFile, archive: home.logArchive };
    return createFileLog(paths, clock, { level: config.log_level, toStderr });
  } catch (error) {
    throw toExitError(error) ?? error;
  }
}

async function unwind(undo: (() => void | Promise<void>)[]): Promise<void> {
  for (const step of undo.splice(0).reverse()) await step();
}

/** Turns an error with a known cause into one that says what to do, with an exit code for service managers. */
function explain(error: unknown): unknown {
  if (error instanceof UnreadableStoreError) {
    const next = 'Restore the folder from a backup, or move it away to start with a new identity.';
    return new ExitError(exitCodes.permanent, `${error.message} Nothing was changed. ${next}`, error);
  }
  return toExitError(error) ?? error;
}

/** Reads the page beside the program. A daemon without it works: agents do not look. */
function findPage(log: Log): PageFile[] {
  const beside = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  try {
    return readPage(beside('page.json'), beside('../../page/dist'));
  } catch (error) {
    log.warn('the page cannot be read', { reason: String(error) });
    return [];
  }
}

/** Waits for a port that another program holds; it may be a daemon that is about to stop. */
async function listenOrExplain(
  port: number,
  agent: Agent,
  deps: Parameters<typeof listen>[2],
  { callers, page }: { readonly callers: CallerOptions; readonly page: readonly PageFile[] },
): Promise<HttpServer> {
  const { clock } = deps;
  let lastError: unknown;
  const server = await pollUntil(clock, { everyMs: PORT_RETRY_MS, forMs: PORT_WAIT_MS }, async () => {
    try {
      return await listen(port, agent.handlers, deps, callers, page);
    } catch (error) {
      if (errnoOf(error) !== 'EADDRINUSE') throw error;
      const owner = await identifyPortOwner(port, clock);
      if (owner) {
        throw new ExitError(
          exitCodes.permanent,
          `Another ocmesh (${owner}) listens on port ${port}. Stop it, or set OCMESH_PORT to another port.`,
          error,
        );
      }
      lastError = error;
      return null;
    }
  });
  if (server) return server;
  throw new ExitError(
    exitCodes.tryAgain,
    `Another program listens on port ${port}. Set OCMESH_PORT to another port.`,
    lastError,
  );
}
