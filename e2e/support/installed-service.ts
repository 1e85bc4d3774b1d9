import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@ocmesh/client';
import type { Handlers } from '@ocmesh/shared/contract';
import {
  createProcessMesh,
  type ProcessMesh,
  type RunningAgent,
  until,
  watchSlowdown,
} from '@ocmesh/testkit';
import { expect } from 'vitest';
import { ocmeshProgram } from './programs.ts';
import { run } from './run.mjs';
import type { TestServiceManager } from './service-manager.ts';

const root = join(import.meta.dirname, '../..');

type Output = Awaited<ReturnType<typeof run>>;

interface DaemonFile {
  readonly pid: number;
  readonly url: string;
}

/** Alice, whose daemon is a service, and Bob, who writes to her. */
export interface InstalledService {
  readonly manager: TestServiceManager;
  readonly home: string;
  /** The assembled skill. */
  readonly skill: string;
  readonly api: Handlers;
  /** Returns the running daemon; null if none responds. */
  daemon(): Promise<DaemonFile | null>;
  /** Runs a shell command as Alice. */
  sh(script: string, ...args: string[]): Promise<Output>;
  /** `ocmesh` of the installed program. */
  ocmesh(...args: string[]): Promise<Output>;
  /** Waits for a new daemon process. @returns the milliseconds it took; fails beyond the manager's limit */
  back(before: DaemonFile): Promise<number>;
  /** Sends a message from Bob; `memory` has to contain it from then on. */
  letBobWrite(content: string): Promise<void>;
  /** Returns what must never change: Alice's key and all of Bob's messages. */
  memory(): Promise<{ pubkey: string; messages: string[] }>;
  /** A skill of another version. @param flaw code that runs first in its daemon */
  makeVersion(version: string, flaw?: string): string;
  current(): string;
  close(): Promise<void>;
}

export async function startInstalledService(
  startManager: (place: string) => Promise<TestServiceManager>,
): Promise<InstalledService> {
  const mesh: ProcessMesh = createProcessMesh(ocmeshProgram);
  const { place } = mesh;
  const skill = join(place, 'ocmesh');
  await run(process.execPath, [join(root, 'scripts/skill.mjs'), skill], { PATH: process.env['PATH'] ?? '' });
  const manager = await startManager(place);
  const home = join(manager.env['HOME'] ?? '', '.ocmesh');
  const relay = await mesh.startRelay();
  const bob: RunningAgent = await mesh.startAgent('bob', [relay.url]);
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, 'config.json'), JSON.stringify({ port: 0, name: 'alice', relays: [relay.url] }), {
    mode: 0o600,
  });

  const readDaemonFile = (): DaemonFile | null => {
    const path = join(home, 'daemon.json');
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as DaemonFile) : null;
  };
  const api = createClient({ baseUrl: () => readDaemonFile()?.url ?? 'http://127.0.0.1:9', fetch });

  async function daemon(): Promise<DaemonFile | null> {
    const file = readDaemonFile();
    return file && (await api.getStatus({}).catch(() => null)) ? file : null;
  }

  const sh = (script: string, ...args: string[]): Promise<Output> =>
    run('sh', [script, ...args], manager.env);

  return {
    manager,
    home,
    skill,
    api,
    daemon,
    sh,
    ocmesh: (...args) => run(process.execPath, [join(home, 'app/current/ocmesh.mjs'), ...args], manager.env),
    async back(before) {
      const startMs = performance.now();
      const slowdown = watchSlowdown();
      await until(async () => {
        const now = await daemon();
        return now !== null && now.pid !== before.pid;
      });
      const tookMs = performance.now() - startMs;
      expect(tookMs).toBeLessThan(manager.backWithinMs * (await slowdown.stop()).factor);
      return tookMs;
    },
    async letBobWrite(content) {
      const { pubkey } = await api.getIdentity({});
      await bob.api.addPeer({ pubkey });
      await bob.api.sendMessage({ to: pubkey, content });
      await until(async () => (await api.listMessages({ q: content })).items.length === 1);
    },
    async memory() {
      const { pubkey } = await api.getIdentity({});
      const { items } = await api.listMessages({ order: 'asc' });
      return { pubkey, messages: items.map(({ id, content }) => `${id} ${content}`) };
    },
    makeVersion(version, flaw = '') {
      const folder = join(place, `ocmesh-${version}`);
      cpSync(skill, folder, { recursive: true });
      const app = join(folder, 'app');
      for (const file of readdirSync(app).filter((name) => /\.[cm]js$/.test(name))) {
        const path = join(app, file);
        const code = readFileSync(path, 'utf8').replace(
          /ocmeshVersion\s*=\s*"[^"]+"/,
          `ocmeshVersion = "${version}"`,
        );
        // After the first line, which names the interpreter.
        writeFileSync(path, file === 'ocmesh.mjs' ? code.replace('\n', `\n${flaw}\n`) : code);
      }
      return folder;
    },
    current: () => readlinkSync(join(home, 'app/current')),
    async close() {
      await manager.close();
      await mesh.close();
    },
  };
}
