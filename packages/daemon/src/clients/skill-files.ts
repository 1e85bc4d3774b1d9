import { existsSync, lstatSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Edited, SkillChange } from './change.ts';

/** A file of the skill, with its path inside it. */
export interface SkillFile {
  readonly name: string;
  readonly text: string;
}

/** Reads the skill that comes with the bundled program. Returns no files where there is none. */
export const readSkill = (bundled: string): SkillFile[] =>
  existsSync(bundled) ? (JSON.parse(readFileSync(bundled, 'utf8')) as SkillFile[]) : [];

export const skillChanges = (files: readonly SkillFile[], folder: string): SkillChange[] =>
  files.map(({ name, text }) => ({ format: 'skill', path: join(folder, name), folder, text }));

/** Writes the file, also over that of another version of our skill; never into a folder of somebody else. */
export function addSkillFile({ folder, text }: SkillChange): Edited {
  if (!existsSync(folder) || isOurs(folder)) return { text };
  return { problem: `would be written into ${folder}, which is not the skill of ocmesh` };
}

/** An empty folder has nothing to lose. */
function isOurs(folder: string): boolean {
  const description = join(folder, 'SKILL.md');
  return existsSync(description)
    ? /^---\r?\nname: ocmesh\r?\n/.test(readFileSync(description, 'utf8'))
    : readdirSync(folder).length === 0;
}

/** Removes the folders that are empty now, up to that of the skill. */
export function removeEmptyFolders({ path, folder }: SkillChange): void {
  for (let at = dirname(path); at.startsWith(folder); at = dirname(at)) {
    // A link to a folder is its owner's.
    if (!existsSync(at) || lstatSync(at).isSymbolicLink() || readdirSync(at).length > 0) return;
    rmdirSync(at);
  }
}
