import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { actor, connectRelay, createSeededRandom, until } from '@ocmesh/testkit';
import { finalizeEvent } from 'nostr-tools/pure';
import { describe, expect, it } from 'vitest';
import { inbox } from './support/inbox.ts';
import { createMesh } from './support/mesh.ts';
import { ocmeshProgram } from './support/programs.ts';
import { fillDisk, mountSmallDisk } from './support/small-disk.ts';

const KILLS = 4;
const { secretKey, pubkey } = actor('writer');

const note = (content: string): NostrEvent => {
  const draft = { kind: 1, content, tags: [], created_at: Math.floor(Date.now() / 1000) };
  return { ...finalizeEvent(draft, secretKey), pubkey };
};

/** Returns the contents of the stored notes. */
async function storedNotes(url: string): Promise<string[]> {
  const client = await connectRelay(url, null);
  const contents: string[] = [];
  await client.subscribe('all', { kinds: [1], limit: 500 }, ({ content }) => contents.push(content));
  await client.close();
  return contents;
}

describe('ocmesh relay --data', () => {
  it(`keeps what it acknowledged over ${KILLS} kills under load`, async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    console.log(`seed ${seed}`);
    const random = createSeededRandom(seed);
    const mesh = createMesh();
    const data = ['--data', join(mesh.place, 'data')];
    const acknowledged: string[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const relay = await mesh.startRelay(data);
      expect((await storedNotes(relay.url)).sort()).toEqual(expect.arrayContaining([...acknowledged].sort()));
      const client = await connectRelay(relay.url, null);
      let isOver = false;
      const writers = Array.from({ length: 4 }, async (_, writer) => {
        for (let n = 0; n < 15 && !isOver; n++) {
          const content = `kill ${kill}, writer ${writer}, note ${n}`;
          if (await client.publish(note(content))) acknowledged.push(content);
        }
      });
      const before = acknowledged.length;
      await until(() => acknowledged.length > before + random.unit() * 30);
      await relay.kill();
      isOver = true;
      await Promise.all(writers);
      await client.close();
    }
    const stored = await storedNotes((await mesh.startRelay(data)).url);
    expect(new Set(stored).size).toBe(stored.length);
    expect(acknowledged.filter((content) => !stored.includes(content))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(KILLS);
  });

  it('delivers what was sent to an offline agent, though the relay was killed meanwhile; private by default', async () => {
    const mesh = createMesh();
    const first = await mesh.startRelay();
    const alice = await mesh.startAgent('alice', [first.url]);
    let bob = await mesh.startAgent('bob', [first.url]);
    await mesh.meet(alice, bob);
    await first.stop();
    // The mesh's agents find the private relay at the same address.
    const args = ['--port', new URL(first.url).port, '--allow', alice.npub, bob.npub];
    let relay = await mesh.startRelay(args);
    const folder = join(mesh.place, '.ocmesh', 'relay');
    expect(relay.output()).toContain(`is running: ${relay.url} (keeps its events in ${folder})`);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await bob.stop();
    const sent: string[] = [];
    for (let n = 0; n < 5; n++) {
      const { id } = await alice.owner.sendMessage({ to: bob.pubkey, content: `message ${n}` });
      sent.push(id);
    }
    const states = () =>
      Promise.all(sent.map(async (id) => (await alice.api.getMessage({ id })).delivery.state));
    await until(async () => (await states()).every((state) => state === 'published'), { moves: states });
    await relay.kill();
    await alice.kill();

    relay = await mesh.startRelay(args);
    bob = await mesh.startAgent('bob', [relay.url]);
    await until(async () => (await inbox(bob)).length === sent.length);
  });

  it('refuses a folder that another relay uses, and one that is a file', async () => {
    const mesh = createMesh();
    const folder = join(mesh.place, 'data');
    const relay = await mesh.startRelay(['--data', folder]);
    const start = (path: string) =>
      spawnSync(process.execPath, [ocmeshProgram, 'relay', '--port', '0', '--data', path], {
        encoding: 'utf8',
      });
    const second = start(folder);
    expect([second.status, second.stderr]).toEqual([
      78,
      expect.stringContaining(`Another relay uses the folder ${folder}. Stop it, or choose another`),
    ]);
    const third = start(ocmeshProgram);
    expect([third.status, third.stderr]).toEqual([
      78,
      expect.stringContaining(`The folder ${ocmeshProgram} cannot keep the relay's events`),
    ]);
    await relay.stop();
    expect(existsSync(join(folder, 'relay.lock'))).toBe(false);
    await mesh.startRelay(['--data', folder]);
    await (await mesh.startRelay(['--allow', pubkey, '--no-data'])).stop();
    expect(existsSync(join(mesh.place, '.ocmesh'))).toBe(false);
  });

  it('answers OK false while its disk is full, and goes on when there is room', async ({ skip }) => {
    const mesh = createMesh();
    const folder = join(mesh.place, 'data');
    if (!mountSmallDisk(folder)) skip('only root may mount a small disk');
    const relay = await mesh.startRelay(['--data', folder]);
    const filler = fillDisk(folder);
    const client = await connectRelay(relay.url, null);
    const publish = (content: string) => client.publish(note(content));
    // The last page may have room for a few.
    let n = 0;
    await until(async () => !(await publish(`${'x'.repeat(2_000)} ${n++}`)));
    expect(await publish(`${'x'.repeat(5_000)} refused`)).toBe(false);
    rmSync(filler);
    expect(await publish('accepted')).toBe(true);
    await relay.kill();
    const stored = await storedNotes((await mesh.startRelay(['--data', folder])).url);
    expect(stored).toContain('accepted');
    await client.close();
  });
});
