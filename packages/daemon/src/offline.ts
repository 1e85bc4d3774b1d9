import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fromHex, toHex } from '@ocmesh/shared/ambient';
import { openBackup, sealBackup } from './adapters/store/engine/backup-file.ts';
import { UnreadableStoreError } from './adapters/store/engine/errors.ts';
import { realFiles } from './adapters/store/engine/files.ts';
import { createStoreFrom, readImage } from './adapters/store/engine/image.ts';
import { currentSchema } from './adapters/store/sql/migrations/index.ts';
import { openSql } from './adapters/store/sql/sql.ts';
import { createDatabase } from './adapters/store/tables/database.ts';
import { createTables } from './adapters/store/tables/index.ts';
import { ExitError, exitCodes } from './adapters/system/exit.ts';
import { type Home, homeFiles, prepareHome } from './adapters/system/home.ts';
import { openKeystore } from './adapters/system/keystore.ts';
import { lockHolder, takeLock } from './adapters/system/lock.ts';

// What the command does with a home without, or beside, its daemon.

const refuse = (message: string, cause?: unknown): ExitError =>
  new ExitError(exitCodes.permanent, message, cause);

async function imageOf(home: Home): Promise<Uint8Array> {
  if (!existsSync(home.database))
    throw refuse(`There is no identity in ${home.path} yet. \`ocmesh start\` makes one.`);
  try {
    return await readImage(realFiles, home.database, openKeystore(home));
  } catch (error) {
    if (error instanceof UnreadableStoreError) throw refuse(error.message, error);
    throw error;
  }
}

/** The secret key of the home. The daemon may run. */
export async function readSecretKey(home: Home): Promise<Uint8Array> {
  const sql = await openSql(await imageOf(home));
  const stored = createTables(createDatabase(sql, () => {})).meta.get('secret_key');
  sql.close();
  if (stored === null) throw refuse(`There is no identity in ${home.path} yet. \`ocmesh start\` makes one.`);
  return fromHex(stored);
}

/**
 * Makes a home that has this identity and nothing else.
 * @param replace move a home that is there aside
 * @returns where the old home went; null when there was none
 */
export async function importSecretKey(
  home: Home,
  secretKey: Uint8Array,
  replace = false,
): Promise<string | null> {
  const makeImage = async (): Promise<Uint8Array> => {
    const sql = await openSql(null);
    currentSchema.migrate(sql);
    createTables(createDatabase(sql, () => {})).meta.set('secret_key', toHex(secretKey));
    const image = sql.image();
    sql.close();
    return image;
  };
  return createHome(home, makeImage, replace);
}

/** Writes identity, peers and messages into one file. The daemon may run. */
export async function backUp(home: Home, path: string, passphrase: string): Promise<number> {
  const sealed = await sealBackup(await imageOf(home), passphrase);
  writeNewPrivate(path, sealed);
  return sealed.length;
}

/**
 * Makes a home from a backup.
 * @param replace move a home that is there aside
 * @returns where the old home went; null when there was none
 */
export async function restore(
  home: Home,
  path: string,
  passphrase: string,
  replace: boolean,
): Promise<string | null> {
  let image: Buffer | null;
  try {
    image = await openBackup(readFileSync(path), passphrase);
  } catch (error) {
    throw refuse(
      `${path} cannot be restored: ${error instanceof Error ? error.message : error}. Name another file.`,
      error,
    );
  }
  if (!image)
    throw refuse(
      `${path} cannot be restored: the passphrase is wrong, or the file is damaged. Try another passphrase or backup.`,
    );
  const content = image;
  return createHome(home, async () => content, replace);
}

/** Moves the home aside, so that the next start makes a new identity. @returns where it went */
export function reset(home: Home): string {
  if (!existsSync(home.path))
    throw refuse(`There is nothing at ${home.path}. Set OCMESH_HOME if the agent is elsewhere.`);
  checkIsFree(home);
  // Numbered, not dated: nothing here needs to know the time.
  let number = 1;
  while (existsSync(`${home.path}.old-${number}`)) number++;
  const aside = `${home.path}.old-${number}`;
  renameSync(home.path, aside);
  // The installed program is not of this identity: a service that runs it goes on with the next one.
  const app = join(aside, 'app');
  if (existsSync(app)) {
    mkdirSync(home.path, { mode: 0o700 });
    renameSync(app, join(home.path, 'app'));
  }
  return aside;
}

/** @throws ExitError where a daemon runs */
function checkIsFree(home: Home): void {
  const holder = lockHolder(home.lockFile);
  if (holder?.alive) {
    throw refuse(
      `The daemon of ${home.path} (pid ${holder.pid}) runs. Stop it first: with Ctrl-C where it was started, or with \`ocmesh service stop\`.`,
    );
  }
  takeLock(home.lockFile)();
}

const hasIdentity = (home: Home): boolean =>
  existsSync(home.path) &&
  readdirSync(home.path).some((name) => name.startsWith('ocmesh.db') || name === 'keystore.json');

/** @throws ExitError where a new home would take the place of another without being told to */
export function checkRoom(home: Home, replace: boolean): void {
  if (replace || !hasIdentity(home)) return;
  throw refuse(`There is an identity in ${home.path} already. Use --replace to move it aside.`);
}

/** @throws ExitError where something is that a new file would replace */
export function checkIsNew(path: string): void {
  if (existsSync(path)) throw refuse(`${path} cannot be written: it exists. Name another file.`);
}

/**
 * Builds the home beside its place and moves it there when it is whole.
 * @returns where the home that was there went; null when there was none
 */
async function createHome(
  home: Home,
  makeImage: () => Promise<Uint8Array>,
  replace: boolean,
): Promise<string | null> {
  checkRoom(home, replace);
  const unfinished = homeFiles(`${home.path}.new`);
  rmSync(unfinished.path, { recursive: true, force: true });
  try {
    prepareHome(unfinished);
    await createStoreFrom(realFiles, unfinished.database, openKeystore(unfinished), await makeImage());
    const moved = hasIdentity(home) ? reset(home) : null;
    if (existsSync(home.path)) keepRest(home, unfinished);
    renameSync(unfinished.path, home.path);
    return moved;
  } catch (error) {
    rmSync(unfinished.path, { recursive: true, force: true });
    throw error;
  }
}

/** A folder without an identity may hold settings and logs: they stay. */
function keepRest(home: Home, unfinished: Home): void {
  checkIsFree(home);
  for (const name of readdirSync(home.path)) renameSync(join(home.path, name), join(unfinished.path, name));
  rmdirSync(home.path);
}

/** A new file for the owner alone; never over another. */
export function writeNewPrivate(path: string, content: string | Uint8Array): void {
  let file: number;
  try {
    file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  } catch (error) {
    throw refuse(
      `${path} cannot be written: ${(error as NodeJS.ErrnoException).code === 'EEXIST' ? 'it exists' : error}. Name another file.`,
      error,
    );
  }
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
