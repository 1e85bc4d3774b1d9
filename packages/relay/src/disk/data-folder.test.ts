import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { actor, createFakeClock, createRecordingLog } from '@ocmesh/testkit';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openRelay, sign } from '../../test/client.ts';
import { relayLimits } from '../limits.ts';
import type { RelayOptions } from '../relay.ts';
import { openEventDisk } from './event-disk.ts';

const [alice, bob] = [actor('alice'), actor('bob')];
type Relay = Awaited<ReturnType<typeof openRelay>>;

function newFolder(): string {
  const place = mkdtempSync(join(tmpdir(), 'ocmesh-relay-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  return join(place, 'data');
}

const start = (path: string, options: Partial<RelayOptions> = {}): Promise<Relay> =>
  openRelay({ data: { path, checkOwnership: () => undefined }, openDms: true, ...options });

/** Returns the contents of all stored events. */
async function contents(relay: Relay): Promise<string[]> {
  const client = await relay.connect();
  return (await client.ask('all', {})).events.map(({ content }) => content).sort();
}

const segments = (folder: string): string[] => readdirSync(folder).sort();
const bytesIn = (folder: string): number =>
  segments(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

test('events are there again after a restart: the newest versions, not the ephemeral ones', async () => {
  const folder = newFolder();
  const relay = await start(folder);
  const client = await relay.connect();
  await client.ask('live', {});
  const message = relay.sign(alice, { kind: 4, content: 'a\u2028b 漢 \\', tags: [['p', bob.pubkey]] });
  const presences = ['first', 'second'].map((content, at) =>
    relay.sign(alice, { kind: 31337, content, created_at: relay.nowSec() + at, tags: [['d', 'x']] }),
  );
  for (const event of [message, ...presences, relay.sign(bob, { kind: 20_001, content: 'ephemeral' })])
    expect(await client.publish(event)).toEqual({ ok: true, reason: '' });
  expect((await client.news('live')).id).toBe(message.id);
  expect(await client.publish(message)).toEqual({ ok: true, reason: 'duplicate: already have this event' });
  await relay.close();

  const again = await start(folder);
  expect((await (await again.connect()).ask('dm', { kinds: [4] })).events).toEqual([message]);
  expect(await contents(again)).toEqual([message.content, 'second']);
});

test('the folder and its files are private', async () => {
  const folder = newFolder();
  const relay = await start(folder);
  await (await relay.connect()).publish(relay.sign(alice));
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(segments(folder).map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([0o600]);
});

test('what is expired or deleted does not come back', async () => {
  const folder = newFolder();
  const relay = await start(folder);
  const client = await relay.connect();
  const expiring = (content: string, lifeSec: number) =>
    relay.sign(alice, { content, tags: [['expiration', String(relay.nowSec() + lifeSec)]] });
  const deleted = relay.sign(alice, { content: 'deleted' });
  // Replaced by a version that expires: the older one must not be the current one then.
  const old = relay.sign(bob, { kind: 0, content: 'old version' });
  const brief = relay.sign(bob, {
    kind: 0,
    content: 'brief version',
    created_at: relay.nowSec() + 1,
    tags: [['expiration', String(relay.nowSec() + 60)]],
  });
  const request = relay.sign(alice, { kind: 5, content: 'request', tags: [['e', deleted.id]] });
  for (const event of [expiring('brief', 60), expiring('long', 600), deleted, old, brief, request])
    await client.publish(event);
  await relay.close();

  const again = await start(folder);
  await again.clock.advance(120_000);
  expect(await contents(again)).toEqual(['long', 'request']);
  await again.close();
  const third = await start(folder);
  expect(await (await third.connect()).publish(deleted)).toEqual({
    ok: false,
    reason: 'blocked: deleted by its author',
  });
});

test('a torn end, a damaged record and strange files cost only themselves', async () => {
  const folder = newFolder();
  const relay = await start(folder);
  const client = await relay.connect();
  for (const content of ['one', 'two', 'three']) await client.publish(relay.sign(alice, { content }));
  await relay.close();
  const [name = ''] = segments(folder);
  const path = join(folder, name);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('"two"', '"2wo"'));
  // The beginning of a record, as after a power cut, then binary noise.
  appendFileSync(path, text.slice(0, 40));
  writeFileSync(join(folder, 'events-00000007.log'), Buffer.from([0, 10, 255, 254, 10, 10, 0x30]));
  writeFileSync(join(folder, 'events-00000009.log.new'), text);
  writeFileSync(join(folder, 'notes.txt'), text);

  const again = await start(folder);
  expect(await contents(again)).toEqual(['one', 'three']);
  expect(again.log.lines).toContainEqual(
    expect.objectContaining({ message: 'skipped damaged records in the data folder' }),
  );
  await (await again.connect()).publish(again.sign(alice, { content: 'four' }));
  await again.close();
  expect(segments(folder)).toEqual([name, 'events-00000007.log', 'events-00000008.log', 'notes.txt']);
  expect(await contents(await start(folder))).toEqual(['four', 'one', 'three']);
});

test('compaction keeps the folder small, and loses neither events nor deletions', async () => {
  const folder = newFolder();
  const limits = { diskSlackBytes: 4_000 };
  const relay = await start(folder, { limits });
  const client = await relay.connect();
  const deleted = relay.sign(alice, { content: 'deleted' });
  await client.publish(deleted);
  await client.publish(relay.sign(alice, { kind: 5, content: 'request', tags: [['e', deleted.id]] }));
  for (let n = 0; n < 10; n++) await client.publish(relay.sign(bob, { kind: 4, content: `message ${n}` }));
  let largest = 0;
  const before = new Map<string, Buffer>();
  for (let n = 0; n < 60; n++) {
    for (const name of segments(folder)) {
      if (!name.endsWith('.new')) before.set(name, readFileSync(join(folder, name)));
    }
    await client.publish(
      relay.sign(alice, { kind: 0, content: `version ${n}`, created_at: relay.nowSec() + n }),
    );
    largest = Math.max(largest, bytesIn(folder));
  }
  await relay.close();
  expect(largest).toBeLessThan(20_000);
  const all = ['request', 'version 59', ...Array.from({ length: 10 }, (_, n) => `message ${n}`)].sort();
  const again = await start(folder, { limits });
  expect(await contents(again)).toEqual(all);
  expect((await (await again.connect()).publish(deleted)).ok).toBe(false);
  await again.close();

  // A power cut before the replaced files were removed.
  expect(before.size).toBeGreaterThan(segments(folder).length);
  for (const [name, bytes] of before) {
    if (!segments(folder).includes(name)) writeFileSync(join(folder, name), bytes);
  }
  expect(await contents(await start(folder, { limits }))).toEqual(all);
});

test('a folder that grew too large because compaction failed takes no events, and recovers', async () => {
  const folder = newFolder();
  const limits = { diskSlackBytes: 1_000, diskBytes: 5_000, pingMs: 3_600_000 };
  const relay = await start(folder, { limits });
  // The first snapshot finds its name taken.
  writeFileSync(join(folder, 'events-00000002.log.new'), '');
  const client = await relay.connect();
  let at = relay.nowSec();
  const publish = () => client.publish(relay.sign(alice, { kind: 0, created_at: at++ }));
  for (let n = 0; n < 100 && (await publish()).ok; n++);
  expect((await publish()).ok).toBe(false);
  expect(bytesIn(folder)).toBeLessThan(7_000);
  // The next attempt to compact comes with an event, after a pause.
  await relay.clock.advance(60_000);
  await publish();
  await vi.waitFor(async () => expect((await publish()).ok).toBe(true));
  expect(bytesIn(folder)).toBeLessThan(2_000);
});

test('each start adds a file, and many are made one', async () => {
  const folder = newFolder();
  for (let n = 0; n < 6; n++) {
    const relay = await start(folder, { limits: { diskSegments: 3 } });
    await (await relay.connect()).publish(relay.sign(alice, { content: `${n}` }));
    await relay.close();
    expect(segments(folder).length).toBeLessThanOrEqual(4);
  }
  expect(await contents(await start(folder))).toEqual(['0', '1', '2', '3', '4', '5']);
});

test('an event that could not be put on disk is refused, seen by nobody, and replaces nothing', async () => {
  const folder = newFolder();
  let works = true;
  const relay = await start(folder, {
    data: {
      path: folder,
      checkOwnership() {
        if (!works) throw new Error('no space left');
      },
    },
  });
  const client = await relay.connect();
  await client.ask('live', {});
  const version = (content: string, atSec: number) =>
    relay.sign(alice, { kind: 0, content, created_at: relay.nowSec() + atSec });
  await client.publish(version('kept', 0));
  await client.news('live');
  works = false;
  const lost = version('lost', 1);
  for (let time = 0; time < 2; time++) {
    expect(await client.publish(lost)).toEqual({
      ok: false,
      reason: 'error: the relay could not store the event',
    });
  }
  expect(await contents(relay)).toEqual(['kept']);
  expect(client.unread.filter(([type]) => type === 'EVENT')).toEqual([]);
  // Ephemeral events need no disk.
  expect((await client.publish(relay.sign(bob, { kind: 20_001 }))).ok).toBe(true);
  expect(relay.log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  works = true;
  expect((await client.publish(lost)).ok).toBe(true);
  await relay.close();
  expect(await contents(await start(folder))).toEqual(['lost']);
});

test('a disk that hangs refuses events instead of collecting them', async () => {
  const disk = openEventDisk({
    folder: newFolder(),
    limits: { ...relayLimits, diskWaitingBytes: 100 },
    clock: createFakeClock(),
    log: createRecordingLog(),
    checkOwnership: () => undefined,
    snapshot: () => [],
    storedBytes: () => 0,
  });
  const results: unknown[] = [];
  for (let n = 0; n < 4; n++)
    disk.append(sign(alice, { content: `${n}` }), 80, (error) => results.push(`${n} ${error}`));
  // The first one is being written, two are waiting.
  expect(results).toEqual(['3 Error: the disk is too slow']);
  await disk.close();
  expect(results).toEqual(['3 Error: the disk is too slow', '0 null', '1 null', '2 null']);
});

test('a folder that cannot be used fails the start', async () => {
  const folder = newFolder();
  writeFileSync(folder, 'a file');
  await expect(start(folder)).rejects.toThrow(/EEXIST|ENOTDIR/);
});
