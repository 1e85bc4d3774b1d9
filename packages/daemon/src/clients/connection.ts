import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { writeFileAtomically } from '../adapters/system/atomic-file.ts';
import { makeFolder } from '../adapters/system/home.ts';
import type { Change } from './change.ts';
import { type FileEdit, planAdditions, planRemovals } from './plan-edits.ts';
import type { Recipe } from './recipes.ts';
import { removeEmptyFolders } from './skill-files.ts';

/** Where the earlier content of a file is kept, and the digest of what we wrote over it. */
interface ChangedFile {
  readonly path: string;
  /** null if there was no file. */
  readonly copy: string | null;
  readonly digest: string;
}

interface Record {
  /** As they were when the client was connected: a later version may add something else. */
  readonly changes: readonly Change[];
  readonly files: readonly ChangedFile[];
}

/** What was undone for one file. */
export interface Undone {
  readonly path: string;
  /**
   * `restored`: it is as it was; `removed`: it changed since, so only our part was taken out; `kept`: a file of the skill
   * that changed since, and stays; `same`: it has nothing of ours.
   */
  readonly how: 'restored' | 'removed' | 'kept' | 'same';
}

/** The connection of one client: additions to its files, and copies of what they were. */
export interface Connection {
  /** Returns what connecting changes; nothing if the client is connected. @throws ExitError if a file cannot be changed */
  plan(): FileEdit[];
  /** Writes it. Each file is copied first. */
  apply(edits: readonly FileEdit[]): void;
  /** Whether there is something to take back. */
  isRecorded(): boolean;
  /** Takes it back. @throws ExitError if a file cannot be changed: then none was */
  undo(): Undone[];
}

/** @param folder where copies are kept: `clients` of a home */
export function createConnection(
  folder: string,
  { id, changes }: Pick<Recipe, 'id' | 'changes'>,
): Connection {
  const recordFile = join(folder, `${id}.json`);
  const copies = join(folder, id);

  const read = (): Record =>
    existsSync(recordFile)
      ? (JSON.parse(readFileSync(recordFile, 'utf8')) as Record)
      : { changes: [], files: [] };

  function keep(
    { path, before, after }: FileEdit,
    earlier: readonly ChangedFile[],
    number: number,
  ): ChangedFile {
    const digest = digestOf(after);
    if (before === null) return { path, copy: null, digest };
    const known = earlier.find((one) => one.path === path);
    // Connected again: the first copy is what the owner had.
    if (known?.digest === digestOf(before)) return { path, copy: known.copy, digest };
    const copy = join(copies, `${number}-${basename(path)}`);
    makeFolder(copies);
    writeFileAtomically(copy, before, 0o600);
    return { path, copy, digest };
  }

  function undoOne(
    { path, copy, digest }: ChangedFile,
    removals: readonly FileEdit[],
    skillPaths: ReadonlySet<string>,
  ): Undone {
    if (!existsSync(path)) return { path, how: 'same' };
    if (digestOf(readFileSync(path, 'utf8')) === digest) {
      if (copy === null) rmSync(path);
      else writeFileAtomically(path, readFileSync(copy, 'utf8'), statSync(path).mode & 0o777);
      return { path, how: 'restored' };
    }
    const removal = removals.find((edit) => edit.path === path);
    if (!removal) return { path, how: skillPaths.has(path) ? 'kept' : 'same' };
    writeFileAtomically(path, removal.after, removal.mode);
    return { path, how: 'removed' };
  }

  return {
    plan: () => planAdditions(changes),

    apply(edits) {
      const earlier = read().files;
      const kept = edits.map((edit, n) => keep(edit, earlier, earlier.length + n));
      const others = earlier.filter(({ path }) => !kept.some((one) => one.path === path));
      makeFolder(folder);
      // Before the files change, so that a crash in between can be undone.
      const record: Record = { changes, files: [...others, ...kept] };
      writeFileAtomically(recordFile, `${JSON.stringify(record)}\n`, 0o600);
      for (const { path, after, mode } of edits) {
        mkdirSync(dirname(path), { recursive: true });
        writeFileAtomically(path, after, mode);
      }
    },

    isRecorded: () => existsSync(recordFile),

    undo() {
      const record = read();
      const removals = planRemovals(record.changes);
      const skill = record.changes.filter((change) => change.format === 'skill');
      const skillPaths = new Set(skill.map(({ path }) => path));
      const undone = record.files.map((file) => undoOne(file, removals, skillPaths));
      for (const change of skill) removeEmptyFolders(change);
      rmSync(recordFile, { force: true });
      rmSync(copies, { recursive: true, force: true });
      return undone;
    },
  };
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
