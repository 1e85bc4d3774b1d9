import { existsSync, lstatSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import { errnoOf } from '../node/errno.ts';
import type { Change, Edited } from './change.ts';
import { addToJson, removeFromJson } from './edit-json.ts';
import { addToToml, removeFromToml } from './edit-toml.ts';
import { addSkillFile } from './skill-files.ts';

/** A file of a client before and after. */
export interface FileEdit {
  /** The file itself, where `path` of the change is a link to it. */
  readonly path: string;
  /** null if there is no file. */
  readonly before: string | null;
  readonly after: string;
  readonly mode: number;
}

/** Permissions of a file that we create: it may get secrets later. */
const NEW_FILE_MODE = 0o600;

/**
 * Works out how the files will look, without changing anything.
 * @returns only files that change
 * @throws ExitError if one of them cannot be changed: then none should be
 */
export const planAdditions = (changes: readonly Change[]): FileEdit[] => plan(changes, add);

/** The same for taking back what was added: what else changed since stays. */
export const planRemovals = (changes: readonly Change[]): FileEdit[] =>
  plan(changes, (text, change) => (text === null ? null : remove(text, change)));

function add(text: string | null, change: Change): Edited {
  if (change.format === 'skill') return addSkillFile(change);
  return change.format === 'json' ? addToJson(text, change) : addToToml(text, change);
}

function remove(text: string, change: Change): Edited {
  // A file that changed since is the owner's.
  if (change.format === 'skill') return { text };
  return change.format === 'json' ? removeFromJson(text, change) : removeFromToml(text, change);
}

function plan(
  changes: readonly Change[],
  edit: (text: string | null, change: Change) => Edited | null,
): FileEdit[] {
  const edits = new Map<string, FileEdit>();
  for (const change of changes) {
    const path = realPathOf(change.path);
    const earlier = edits.get(path);
    const before = earlier ? earlier.before : readText(path);
    const edited = edit(earlier ? earlier.after : before, change);
    if (!edited) continue;
    if ('problem' in edited)
      throw refuse(`${path} ${edited.problem}. Nothing was changed: add it by hand, \`--print\` shows what.`);
    const mode = before === null ? NEW_FILE_MODE : statSync(path).mode & 0o777;
    edits.set(path, { path, before, after: edited.text, mode });
  }
  const changed = [...edits.values()].filter(({ before, after }) => before !== after);
  for (const { path, before, mode } of changed) {
    // Root could write it nevertheless.
    if (before !== null && (mode & 0o222) === 0)
      throw refuse(`${path} is read-only. Nothing was changed: allow writing to it, or add it by hand.`);
  }
  return changed;
}

/** Follows links: replacing a link by a file would take the file out of where its owner keeps it. */
function realPathOf(path: string): string {
  checkFolder(dirname(path), path);
  if (isThere(path) && existsSync(path)) return realpathSync(path);
  if (isThere(path)) throw refuseLink(path, 'file');
  return path;
}

/** Refuses a path that no folder can be made for. */
function checkFolder(folder: string, path: string): void {
  if (!isThere(folder)) return checkFolder(dirname(folder), path);
  if (!existsSync(folder)) throw refuseLink(folder, 'folder');
  if (!statSync(folder).isDirectory())
    throw refuse(`${folder} is a file where ${path} needs a folder. Nothing was changed: move it away.`);
}

/** Whether there is something of this name, also a link that leads nowhere. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    // A file is in the place of one of its folders.
    if (errnoOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}

const refuseLink = (path: string, what: 'file' | 'folder'): ExitError =>
  refuse(
    `${path} is a link to a ${what} that does not exist. Nothing was changed: create the ${what} or remove the link.`,
  );

function readText(path: string): string | null {
  if (!existsSync(path)) return null;
  const bytes = readFileSync(path);
  const text = bytes.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(bytes)) return text;
  throw refuse(`${path} is not text in UTF-8. Nothing was changed.`);
}

const refuse = (why: string): ExitError => new ExitError(exitCodes.permanent, why);
