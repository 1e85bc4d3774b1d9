import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nsecEncode } from 'nostr-tools/nip19';
import { expect, onTestFinished, test } from 'vitest';
import { type Compact, compactFiles } from '../../src/adapters/store/engine/compaction.ts';
import { type Files, realFiles } from '../../src/adapters/store/engine/files.ts';
import { homeFiles, prepareHome } from '../../src/adapters/system/home.ts';
import { openKeystore } from '../../src/adapters/system/keystore.ts';
import { openOn, PEER, write } from '../support/durable-store.ts';

const MESSAGES = 1_000;

/** Records every written byte, including those of files that are removed later. */
function createWatchedFiles() {
  const written: Buffer[] = [];
  const files: Files = {
    ...realFiles,
    create(path) {
      const file = realFiles.create(path);
      return {
        ...file,
        write(bytes, position) {
          written.push(Buffer.from(bytes));
          file.write(bytes, position);
        },
      };
    },
  };
  return { files, written };
}

test(`${MESSAGES} messages leave neither a key nor a text readable in any file`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-leaks-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const home = homeFiles(join(folder, 'home'));
  prepareHome(home);
  const dataKey = openKeystore(home);
  const secretKey = randomBytes(32);
  const { files, written } = createWatchedFiles();
  const open = (compact: Compact) =>
    openOn(files, {
      path: home.database,
      key: dataKey,
      compact,
      compactBytes: 200_000,
    });

  // One compaction, long before the kill. This process cannot be killed: what it starts later must not go on beside the next.
  let compactions = 0;
  const never = new Promise<never>(() => {});
  const first = await open((job) => (++compactions === 1 ? compactFiles(files, job) : never));
  await first.store.transaction((tables) => tables.meta.set('secret_key', secretKey.toString('hex')));
  for (let n = 0; n < MESSAGES; n += 10) {
    const texts = Array.from({ length: 10 }, (_, at) => `the secret text number ${n + at} of the test`);
    await Promise.all(texts.map((text) => write(first.store, text, text)));
  }
  expect(compactions).toBeGreaterThan(1);
  // Killed and started again: the journal still exists.
  const second = await open((job) => compactFiles(files, job));
  await write(second.store, 'the secret text after the kill');
  const whileOpen = readdirSync(home.path).map((name) => readFileSync(join(home.path, name)));
  await second.store.close();

  const keyFile = readFileSync(home.keyFile, 'utf8').trim();
  const forms = (key: Buffer): (Buffer | string)[] => [
    key,
    key.toString('hex'),
    key.toString('hex').toUpperCase(),
    key.toString('base64').slice(0, -2),
    key.toString('base64url').slice(0, -1),
  ];
  const needles: (Buffer | string)[] = [
    'the secret text',
    PEER,
    Buffer.from(PEER, 'hex'),
    'SQLite format',
    'CREATE TABLE',
    nsecEncode(secretKey),
    ...forms(secretKey),
    ...forms(Buffer.from(dataKey)),
  ];
  const afterwards = readdirSync(home.path).map((name) => ({
    name,
    bytes: readFileSync(join(home.path, name)),
  }));
  for (const needle of needles) {
    expect(written.filter((bytes) => bytes.includes(needle))).toHaveLength(0);
    expect(whileOpen.filter((bytes) => bytes.includes(needle))).toHaveLength(0);
    expect(afterwards.filter(({ bytes }) => bytes.includes(needle))).toHaveLength(0);
  }
  // The wrapping key is in its own file only.
  for (const form of forms(Buffer.from(keyFile, 'hex'))) {
    const holders = afterwards.filter(({ bytes }) => bytes.includes(form)).map(({ name }) => name);
    expect(holders.filter((name) => join(home.path, name) !== home.keyFile)).toEqual([]);
  }

  expect(statSync(home.path).mode & 0o077).toBe(0);
  for (const { name } of afterwards) expect(statSync(join(home.path, name)).mode & 0o077, name).toBe(0);
  expect(written.length).toBeGreaterThan(MESSAGES / 10);
});
