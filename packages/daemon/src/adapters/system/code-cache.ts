import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, type Stats, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { crc32 } from 'node:zlib';

// Loaded before there is a cache, so it imports nothing of ours.

/** Two checksums. A multiple of 8: V8 would copy code that is not aligned. */
const HEAD_BYTES = 8;

/** Compiled code of one source, kept in a home. */
export interface CodeCache {
  /** Returns null if there is none, or if it is damaged or of another source. */
  read(): Buffer | null;
  /** Replaces what is kept, unless others could write there. */
  write(code: Uint8Array): void;
}

interface Options {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly source: Uint8Array;
}

/**
 * Returns the cache in the folder `cache` of the home. It creates no home, and reads and writes nothing where others could
 * write: this is code that runs with access to the secret key. V8 compares only the length of the source, and trusts what
 * it reads, so the file begins with the checksums of the source and of the code.
 */
export function openCodeCache({ argv, env, source }: Options): CodeCache {
  const home = homeOf(argv, env) ?? '';
  const folder = join(home, 'cache');
  const file = join(folder, 'code');
  const sourceSum = crc32(source);
  function headOf(code: Uint8Array): Buffer {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32BE(sourceSum, 0);
    head.writeUInt32BE(crc32(code), 4);
    return head;
  }
  const isSafe = (): boolean => isAbsolute(home) && isOurs(lstatSync(home)) && isOurs(lstatSync(folder));

  return {
    read() {
      try {
        if (!isSafe()) return null;
        const kept = readFileSync(file);
        const code = kept.subarray(HEAD_BYTES);
        return kept.subarray(0, HEAD_BYTES).equals(headOf(code)) ? code : null;
      } catch {
        return null;
      }
    },
    write(code) {
      const unfinished = `${file}.new`;
      // It is there, or there is no home.
      tryTo(() => mkdirSync(folder, { mode: 0o700 }));
      const isWritten = tryTo(() => {
        if (!isSafe()) return;
        writeFileSync(unfinished, Buffer.concat([headOf(code), code]), { mode: 0o600 });
        renameSync(unfinished, file);
      });
      // The disk is full or read-only: starts take a little longer.
      if (!isWritten) tryTo(() => rmSync(unfinished, { force: true }));
    },
  };
}

/** Returns whether it did not throw. */
function tryTo(run: () => void): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}

/** As the command line finds it later, without `~`, which costs those who use it the cache. Null if the user has none. */
function homeOf(argv: readonly string[], env: Options['env']): string | null {
  const at = argv.indexOf('--home');
  const flag = at < 0 ? argv.find((word) => word.startsWith('--home='))?.slice(7) : argv[at + 1];
  try {
    return flag ?? (env['OCMESH_HOME']?.trim() || join(homedir(), '.ocmesh'));
  } catch {
    return null;
  }
}

/** Whether this is a folder, not a link, that only our user can enter. */
const isOurs = (found: Stats): boolean =>
  found.isDirectory() && (found.mode & 0o077) === 0 && (!process.getuid || found.uid === process.getuid());
