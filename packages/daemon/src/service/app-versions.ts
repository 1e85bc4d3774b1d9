import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { replaceAtomically } from '../adapters/system/atomic-file.ts';

/** The installed versions of the program: a folder for each, which never changes, and a link to the one in use. */
export interface AppVersions {
  /** Returns the name of the version in use; null before the first install. */
  current(): string | null;
  /** Copies the program, unless it is there already. @returns its name: the version, with a digest if two builds share one */
  place(files: readonly string[], version: string): string;
  /** Moves the link, atomically. */
  select(name: string): void;
  /** Removes all other versions. */
  keepOnly(names: readonly (string | null)[]): void;
}

const LINK = 'current';

/** @param folder `app` of a home */
export function createAppVersions(folder: string): AppVersions {
  const isVersion = (name: string): boolean => /^\d/.test(name);

  return {
    current() {
      try {
        return basename(readlinkSync(join(folder, LINK)));
      } catch {
        return null;
      }
    },

    place(files, version) {
      const digest = digestOf(files);
      const isSame = (name: string): boolean => {
        const there = join(folder, name);
        return existsSync(there) && digestOf(readdirSync(there).map((file) => join(there, file))) === digest;
      };
      const marked = `${version}+${digest.slice(0, 8)}`;
      const same = [version, marked].find(isSame);
      if (same) return same;
      const name = existsSync(join(folder, version)) ? marked : version;
      const target = join(folder, name);
      replaceAtomically(target, (unfinished) => {
        mkdirSync(unfinished, { recursive: true, mode: 0o700 });
        for (const file of files) {
          const copy = join(unfinished, basename(file));
          copyFileSync(file, copy);
          syncToDisk(copy);
        }
        // A damaged copy of this build: a folder cannot be renamed over another one.
        rmSync(target, { recursive: true, force: true });
      });
      return name;
    },

    select: (name) => replaceAtomically(join(folder, LINK), (unfinished) => symlinkSync(name, unfinished)),

    keepOnly(names) {
      for (const name of readdirSync(folder).filter(isVersion)) {
        if (!names.includes(name)) rmSync(join(folder, name), { recursive: true, force: true });
      }
    },
  };
}

/** Whether `one` is an older version than `other`. Ignores what follows `+` (semver). */
export function isOlder(one: string, other: string): boolean {
  const [a, b] = [parts(one), parts(other)];
  for (let index = 0; index < 3; index++) {
    const difference = (a.numbers[index] ?? 0) - (b.numbers[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  if (a.early === b.early) return false;
  if (a.early === '' || b.early === '') return a.early !== '';
  return a.early.localeCompare(b.early, 'en', { numeric: true }) < 0;
}

function parts(version: string) {
  const [plain = ''] = version.split('+');
  const [numbers = '', ...early] = plain.split('-');
  return { numbers: numbers.split('.').map(Number), early: early.join('-') };
}

function digestOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of [...files].sort((a, b) => (basename(a) < basename(b) ? -1 : 1))) {
    const content = readFileSync(file);
    hash.update(`${basename(file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function syncToDisk(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
