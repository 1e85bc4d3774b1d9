import { existsSync, readdirSync } from 'node:fs';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import { type Home, homeFiles } from '../adapters/system/home.ts';

/** Returns the folder in which `restore` and `key import` build a home before they move it to its path. */
export const unfinishedHome = (home: Home): Home => homeFiles(`${home.path}.new`);

/** Returns the homes that were moved aside, oldest first, and the next free path. Numbered, not dated: nothing here needs to know the time. */
export function homesAside(home: Home): { readonly used: readonly string[]; readonly next: string } {
  const used: string[] = [];
  for (;;) {
    const path = `${home.path}.old-${used.length + 1}`;
    if (!existsSync(path)) return { used, next: path };
    used.push(path);
  }
}

/** Whether a folder has files of an identity, complete or not. */
export const hasIdentity = ({ path }: Home): boolean =>
  existsSync(path) &&
  readdirSync(path).some((name) => name.startsWith('ocmesh.db') || name === 'keystore.json');

/** Whether `restore` or `key import` was interrupted before the home got its new identity. */
export const isInterrupted = (home: Home): boolean => hasIdentity(unfinishedHome(home)) && !hasIdentity(home);

/** @throws ExitError if a start would create a new identity while a restore is being finished */
export function checkNotInterrupted(home: Home): void {
  if (!isInterrupted(home)) return;
  throw new ExitError(exitCodes.tryAgain, `A restore of ${home.path} has to be finished first. Start again.`);
}
