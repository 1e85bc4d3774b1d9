import { execFile, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until, waitForMessages } from '@ocmesh/testkit';
import { decode } from 'nostr-tools/nip19';
import { describe, expect, it } from 'vitest';
import { createMesh, startPair } from './support/mesh.ts';
import { ocmeshProgram } from './support/programs.ts';
import { fillDisk, mountSmallDisk } from './support/small-disk.ts';

const run = promisify(execFile);
const nowhere = ['ws://127.0.0.1:9'];
const logOf = ({ home }: { home: string }): string => readFileSync(join(home, 'ocmesh.log'), 'utf8');

/** Returns all encodings of a secret key to search for. */
function formsOf(nsec: string): string[] {
  const { data } = decode(nsec as `nsec1${string}`);
  const bytes = Buffer.from(data);
  return [nsec, bytes.toString('hex'), bytes.toString('base64')];
}

describe('the log', () => {
  it('never holds a key, a token or the text of a message, at any level', async () => {
    const mesh = createMesh();
    const relay = await mesh.startRelay();
    const debug = { OCMESH_LOG_LEVEL: 'debug' };
    const alice = await mesh.startAgent('alice', [relay.url], debug);
    const bob = await mesh.startAgent('bob', [relay.url], debug);
    await mesh.meet(alice, bob);
    const words = ['tête-à-tête-1', 'tête-à-tête-2', 'tête-à-tête-3', 'tête-à-tête-4'] as const;
    const { id } = await alice.api.sendMessage({
      to: bob.pubkey,
      content: words[0],
      data: { note: words[1] },
    });
    await waitForMessages(bob);
    await bob.api.sendMessage({ to: alice.pubkey, content: words[2], reply_to: id });
    await waitForMessages(alice);
    await alice.api.listMessages({ q: words[0] });
    const send = (body: string) =>
      fetch(`${bob.url}/send?${encodeURIComponent(words[3])}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${words[3]}` },
        body,
      });
    for (const body of [`{"to":"${words[3]}"}`, `{"${words[3]}":1}`, words[3], '{"to":1,"content":"'])
      await send(body);

    const secrets: string[] = [];
    for (const { home, url } of [alice, bob]) {
      const plain = join(mesh.place, `${secrets.length}.nsec`);
      await run(process.execPath, [ocmeshProgram, 'key', 'export', '--plain', plain], {
        env: { PATH: process.env['PATH'], OCMESH_HOME: home },
      });
      secrets.push(...formsOf(readFileSync(plain, 'utf8').trim()));
      const token = readFileSync(join(home, 'token'), 'utf8').trim();
      await fetch(`${url}/status`, { headers: { authorization: `Bearer ${token}` } });
      secrets.push(token);
    }
    expect(secrets.filter((secret) => secret.length < 32)).toEqual([]);
    await Promise.all([alice.stop(), bob.stop()]);
    for (const log of [logOf(alice), logOf(bob), mesh.transcript()]) {
      expect(log).toContain('[DEBUG]');
      for (const secret of [...secrets, ...words]) expect(log).not.toContain(secret);
    }
  });

  it('is readable by its owner only, and complete after a clean stop', async () => {
    const { alice } = await startPair();
    await alice.stop();
    expect(statSync(join(alice.home, 'ocmesh.log')).mode & 0o777).toBe(0o600);
    expect(statSync(join(alice.home, 'logs')).mode & 0o777).toBe(0o700);
    const printed = alice
      .output()
      .split('\n')
      .filter((line) => line.startsWith('['));
    expect(logOf(alice).trimEnd().split('\n')).toEqual(printed);
    expect(printed.at(-1)).toContain('[INFO] stopped');
  });

  it('has the last lines of a crashing process, in order', async () => {
    const mesh = createMesh();
    const script = `
      const { createFileLog } = await import(${JSON.stringify(join(import.meta.dirname, '../packages/daemon/dist/adapters/log/logger.js'))});
      const { createSystemClock } = await import(${JSON.stringify(join(import.meta.dirname, '../packages/daemon/dist/adapters/system/clock.js'))});
      const home = process.argv[1];
      const log = createFileLog({ file: home + '/ocmesh.log', archive: home + '/logs' }, createSystemClock(), { level: 'info', toStderr: false });
      for (let n = 0; n < 5000; n++) log.info('line', { n });
      // The first batch is being written, the second one waits, and now it all ends.
      setTimeout(() => {
        for (let n = 5000; n < 9000; n++) log.info('line', { n });
        throw new Error('a mistake of ours');
      }, 51);`;
    const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', script, mesh.place]);
    expect(status).toBe(1);
    const numbers = logOf({ home: mesh.place })
      .trimEnd()
      .split('\n')
      .map((line) => Number(/ n=(\d+)$/.exec(line)?.[1]));
    expect(numbers).toEqual(Array.from({ length: 9000 }, (_, n) => n));
  });

  it('resumes when a full disk has room, and reports how many lines were lost', async ({ skip }) => {
    const mesh = createMesh();
    const home = join(mesh.place, 'alice');
    if (!mountSmallDisk(home)) skip('only root may mount a small disk');
    const alice = await mesh.startAgent('alice', nowhere, { OCMESH_LOG_LEVEL: 'debug' });
    const filler = fillDisk(home);
    const lost = async (): Promise<number> =>
      Number(/^ocmesh_log_lines_lost_total (\d+)$/m.exec(await alice.api.getMetrics({}))?.[1]);
    await until(async () => (await lost()) > 0);
    rmSync(filler);
    await until(async () => {
      await alice.api.getHealth({});
      return logOf(alice).includes('[WARN] log lines were lost lines=');
    });
    expect(logOf(alice)).toMatch(/lines=\d+ reason="Error: ENOSPC/);
    expect(await alice.stop()).toBe(0);
    expect(logOf(alice)).toMatch(/\[INFO\] stopped\n$/);
    for (const line of logOf(alice).trimEnd().split('\n').slice(-20))
      expect(line).toMatch(/^\[20\S+Z\] \[[A-Z]+\] /);
  });
});
