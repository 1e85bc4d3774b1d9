import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type FetchLike, loopbackFetch } from '@ocmesh/client';
import type { Handlers, Input, Output, Peer, Pubkey } from '@ocmesh/shared/contract';
import { until, watchProgram } from './until.ts';

/** A running program. */
export interface Running {
  readonly child: ChildProcess;
  /** URL that it printed. */
  readonly url: string;
  /** Everything it printed so far. */
  output(): string;
  /** Sends SIGTERM. Resolves with the exit code; null if a signal ended it. */
  stop(): Promise<number | null>;
  /** Sends SIGKILL: no clean stop, no flush. */
  kill(): Promise<void>;
}

export interface RunningAgent extends Running {
  readonly name: string;
  readonly home: string;
  readonly pubkey: Pubkey;
  readonly npub: string;
  /** Calls as an agent: sends the token only if every call needs it. */
  readonly api: Handlers;
  /** Calls as the owner, with the token: messages count as written by a person. */
  readonly owner: Handlers;
}

export interface ProcessMesh {
  /** Folder of everything that runs here; removed by `close`. */
  readonly place: string;
  startRelay(args?: readonly string[]): Promise<Running>;
  /** Starts a daemon with the home `name`, created at its first start. */
  startAgent(
    name: string,
    relays: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ): Promise<RunningAgent>;
  /** Waits until each agent lists the other as online with an acknowledged handshake. */
  meet(one: RunningAgent, other: RunningAgent): Promise<void>;
  /** Makes `other` a contact of `one`, which lifts the limits for strangers. */
  befriend(one: RunningAgent, other: RunningAgent): Promise<void>;
  /** Returns the output of all programs, for failure reports. */
  transcript(): string;
  /** Stops everything that still runs, and removes the folder. */
  close(): Promise<void>;
}

/** Time to stop; far more than a program needs. */
const CLOSE_MS = 60_000;
/** One long poll; repeated until there are messages. */
const WAIT_SECONDS = 5;
/** Printed by a program that is ready. */
const READY = /is running: (\S+)/;

/**
 * Repeats a request that the daemon cut off with 408: it did not arrive in full within 5 s, so nothing was done. A starved
 * test process connects and then gets no time to write.
 */
const retryingFetch: FetchLike = (url, init) =>
  until(async () => {
    const response = await loopbackFetch(url, init);
    if (response.status !== 408) return response;
    await response.text();
    return null;
  });

/** Waits for messages for as long as anything moves, however slow the machine is. */
export const waitForMessages = (
  { api }: Pick<RunningAgent, 'api'>,
  input: Omit<Input<'waitForMessages'>, 'timeout_s'> = {},
): Promise<Output<'waitForMessages'>> =>
  until(async () => {
    const waited = await api.waitForMessages({ ...input, timeout_s: WAIT_SECONDS });
    return waited.messages.length > 0 && waited;
  });

/**
 * Runs relays and daemons as real processes on loopback, in a temporary folder.
 * @param program the built `ocmesh`
 * @param node the Node.js to run it with
 */
export function createProcessMesh(program: string, node: string = process.execPath): ProcessMesh {
  const place = mkdtempSync(join(tmpdir(), 'ocmesh-'));
  const running = new Set<Running>();
  const printed: { name: string; output: () => string }[] = [];

  async function start(
    name: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): Promise<Running> {
    let output = '';
    const child = spawn(node, [program, ...args], {
      // Does not inherit OCMESH_* of the caller.
      env: { PATH: process.env['PATH'], HOME: place, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.stdout.on('data', (data) => {
      output += data;
    });
    child.stderr.on('data', (data) => {
      output += data;
    });
    const end = async (signal: NodeJS.Signals): Promise<number | null> => {
      child.kill(signal);
      const code = await exited;
      running.delete(self);
      return code;
    };
    const self: Running = {
      child,
      get url() {
        return READY.exec(output)?.[1] ?? '';
      },
      output: () => output,
      stop: () => end('SIGTERM'),
      async kill() {
        await end('SIGKILL');
      },
    };
    running.add(self);
    printed.push({ name, output: self.output });
    void exited.then(watchProgram({ name, output: self.output }));
    await until(() => READY.test(output) || child.exitCode !== null);
    if (!READY.test(output)) throw new Error(`${name} ended with exit code ${child.exitCode}:\n${output}`);
    return self;
  }

  return {
    place,

    startRelay: (args = []) => start('relay', ['relay', '--port', '0', ...args], {}),

    async startAgent(name, relays, environment = {}) {
      const home = join(place, name);
      const program = await start(name, ['start'], {
        OCMESH_HOME: home,
        OCMESH_PORT: '0',
        OCMESH_NAME: name,
        OCMESH_RELAYS: relays.join(','),
        ...environment,
      });
      const token = (): string => readFileSync(join(home, 'token'), 'utf8').trim();
      const client = (token: (demanded: boolean) => string | null): Handlers =>
        createClient({ baseUrl: () => program.url, fetch: retryingFetch, token, asOwner: true });
      const api = client((demanded) => (demanded ? token() : null));
      const { pubkey, npub } = await api.getIdentity({});
      return Object.assign(program, {
        name,
        home,
        api,
        owner: client(token),
        pubkey: pubkey as Pubkey,
        npub,
      });
    },

    async meet(one, other) {
      const met = async (agent: RunningAgent, peer: RunningAgent): Promise<void> => {
        let items: readonly Peer[] = [];
        const look = async () => {
          items = (await agent.api.listPeers({ online: true })).items;
          return items.some((item) => item.pubkey === peer.pubkey && item.handshake === 'acknowledged');
        };
        const moves = () => items.map(({ name, handshake }) => `${agent.name} sees ${name}: ${handshake}`);
        await until(look, { moves });
      };
      await Promise.all([met(one, other), met(other, one)]);
    },

    async befriend(one, other) {
      await one.owner.updatePeer({ pubkey: other.pubkey, trust: 'contact' });
    },

    transcript: () => printed.map(({ name, output }) => `── ${name}\n${output()}`).join('\n'),

    async close() {
      await Promise.all(
        [...running].map(async (program) => {
          // A hung program must not outlive the test.
          const timer = setTimeout(() => void program.kill(), CLOSE_MS);
          await program.stop();
          clearTimeout(timer);
        }),
      );
      rmSync(place, { recursive: true, force: true });
    },
  };
}
