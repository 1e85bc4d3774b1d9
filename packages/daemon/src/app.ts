import { type Clock, type Log, pause, toIso } from '@ocmesh/shared/ambient';
import { ocmeshVersion } from '@ocmesh/shared/wire';
import { chooseEngine } from './adapters/crypto/choose-engine.ts';
import { createSignatureThread } from './adapters/crypto/signature-thread.ts';
import type { CallerOptions } from './adapters/http/authenticate.ts';
import { identifyPortOwner } from './adapters/http/identify-port-owner.ts';
import { httpLimits } from './adapters/http/limits.ts';
import { type HttpServer, listen } from './adapters/http/server.ts';
import { createFileLog, type FileLog } from './adapters/log/logger.ts';
import { createRenderMetrics } from './adapters/metrics/prometheus.ts';
import { createRelayNetwork } from './adapters/nostr/network.ts';
import { compactInWorker } from './adapters/store/engine/compaction.ts';
import { UnreadableStoreError } from './adapters/store/engine/errors.ts';
import { realFiles } from './adapters/store/engine/files.ts';
import { openStore } from './adapters/store/store.ts';
import { createSystemClock } from './adapters/system/clock.ts';
import { writeDaemonFile } from './adapters/system/daemon-file.ts';
import { ExitError, exitCodes } from './adapters/system/exit.ts';
import { type Home, prepareHome } from './adapters/system/home.ts';
import { openKeystore } from './adapters/system/keystore.ts';
import { takeLock } from './adapters/system/lock.ts';
import { createSystemRandom } from './adapters/system/random.ts';
import { openTokenFile } from './adapters/system/token-file.ts';
import { type Agent, createAgent } from './agent.ts';
import type { Config } from './config/schema.ts';

/** How long a port held by something else is tried. */
const PORT_PATIENCE_MS = 5_000;
const PORT_PAUSE_MS = 250;
/** Of the drain, kept for closing the store. */
const CLOSE_MS = 1_500;

export interface Daemon {
  readonly url: string;
  readonly pubkey: string;
  readonly npub: string;
  readonly log: Log;
  /** Answers what is running, says goodbye, writes what is left; a second call waits for the first. */
  stop(): Promise<void>;
}

/**
 * Starts the daemon of one home.
 * @throws ExitError with the exit code that fits
 */
export async function startDaemon(
  home: Home,
  config: Config,
  options: { readonly logToStderr: boolean },
): Promise<Daemon> {
  prepareHome(home);
  const clock = createSystemClock();
  const random = createSystemRandom();
  /** Undone in reverse order when the start fails half-way, and at the end. */
  const undo: (() => void | Promise<void>)[] = [takeLock(home.lockFile)];
  try {
    const log = openLog(home, clock, config, options.logToStderr);
    undo.push(log.close);
    const store = await openStore({
      path: home.database,
      key: openKeystore(home),
      files: realFiles,
      compact: compactInWorker,
      clock,
      log,
      // What the disk holds now only a new start can tell; a service manager makes one at once.
      onFailStop: () => process.exit(exitCodes.crash),
    });
    undo.push(store.close);
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
        connect: (sign) => createRelayNetwork({ clock, random, log, sign }),
        renderMetrics: createRenderMetrics({ clock, logLinesLost: log.lost }),
      },
      config,
    );
    const callers = { auth: config.api_auth, token: openTokenFile(home.tokenFile, { random, log }) };
    const server = await listenOrExplain(config.port, agent, { clock, random, log }, callers);
    undo.push(server.close);
    undo.push(writeDaemonFile(home.daemonFile, server.port, toIso(clock.now())));
    agent.start();
    log.info(`ocmesh ${ocmeshVersion} started`, { pubkey: agent.identity.pubkey, port: server.port });

    let stopping: Promise<void> | undefined;
    async function stop(): Promise<void> {
      log.info('stopping');
      // Whoever does not answer in time does not keep the store from being closed properly.
      await Promise.race([
        Promise.all([agent.stop(), server.close()]),
        pause(clock, httpLimits.drainMs - CLOSE_MS),
      ]);
      log.info('stopped');
      await unwind(undo);
    }
    return {
      url: `http://127.0.0.1:${server.port}`,
      pubkey: agent.identity.pubkey,
      npub: agent.identity.npub,
      log,
      stop() {
        stopping ??= Promise.race([stop(), pause(clock, httpLimits.drainMs)]);
        return stopping;
      },
    };
  } catch (error) {
    await unwind(undo);
    throw explain(error);
  }
}

function openLog(home: Home, clock: Clock, config: Config, toStderr: boolean): FileLog {
  try {
    const paths = { file: home.logFile, archive: home.logArchive };
    return createFileLog(paths, clock, { level: config.log_level, toStderr });
  } catch (error) {
    if (isDiskFull(error)) throw error;
    throw new ExitError(
      exitCodes.permanent,
      `${home.logFile} cannot be written: ${(error as Error).message}. Make it writable or move it away.`,
      error,
    );
  }
}

async function unwind(undo: (() => void | Promise<void>)[]): Promise<void> {
  for (const step of undo.splice(0).reverse()) await step();
}

const isDiskFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

/** What a person, or a service manager, can do about it. */
function explain(error: unknown): unknown {
  if (error instanceof UnreadableStoreError) {
    const next = 'Restore the folder from a backup, or move it away to start with a new identity.';
    return new ExitError(exitCodes.permanent, `${error.message} Nothing was changed. ${next}`, error);
  }
  if (isDiskFull(error)) {
    return new ExitError(exitCodes.tryAgain, 'The disk is full. Free some space, then start again.', error);
  }
  return error;
}

async function listenOrExplain(
  port: number,
  agent: Agent,
  deps: Parameters<typeof listen>[2],
  callers: CallerOptions,
): Promise<HttpServer> {
  const { clock } = deps;
  const deadline = clock.monotonic() + PORT_PATIENCE_MS;
  for (;;) {
    try {
      return await listen(port, agent.handlers, deps, callers);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      const holder = await identifyPortOwner(port, clock);
      if (holder) {
        throw new ExitError(
          exitCodes.permanent,
          `Another ocmesh (${holder}) listens on port ${port}. Stop it, or set OCMESH_PORT to another port.`,
          error,
        );
      }
      if (clock.monotonic() > deadline) {
        throw new ExitError(
          exitCodes.tryAgain,
          `Another program listens on port ${port}. Set OCMESH_PORT to another port.`,
          error,
        );
      }
    }
    await pause(clock, PORT_PAUSE_MS);
  }
}
