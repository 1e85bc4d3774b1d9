import { chmodSync, existsSync, lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { isSecret } from '../../adapters/system/home.ts';
import { othersBits } from '../../adapters/system/private-file.ts';
import { shellQuoted } from '../../service/legacy-agent.ts';
import { type Check, type Finding, type Fix, fail, ok, skipped } from '../check.ts';
import type { Environment } from '../probes/environment.ts';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** What a start refuses, all of it at once: who could read these files is this agent. */
export const permissionsCheck = ({
  home,
  machine: { uid },
}: Pick<Environment, 'home' | 'machine'>): Check => ({
  id: 'permissions',
  what: 'Permissions',
  why: 'Whoever can read the home folder has the identity and every message; so the daemon refuses to start there.',
  run() {
    if (!existsSync(home.path)) return skipped(`There is no ${home.path} yet: \`ocmesh start\` makes it.`);
    const folder = statSync(home.path);
    if (!folder.isDirectory()) return fail(`${home.path} is not a folder.`, 'Set OCMESH_HOME to one.');
    // Then nothing in it can be looked at.
    if (folder.uid !== uid) return judge(home.path, folder, uid, folder.mode);
    const wrong = [
      ...judge(home.path, folder, uid, folder.mode),
      ...readdirSync(home.path).flatMap((name) => {
        const path = join(home.path, name);
        const file = lstatSync(path);
        return judge(path, file, uid, isSecret(name) ? file.mode : 0);
      }),
    ];
    return wrong.length > 0 ? wrong : ok(`${home.path} is its owner's alone`);
  },
});

/** @param mode 0 where it does not matter */
function judge(path: string, file: Stats, uid: number, mode: number): Finding[] {
  if (file.uid !== uid)
    return [fail(`${path} belongs to another user`, `Run: sudo chown -R "$(id -un)" ${shellQuoted(path)}`)];
  if (mode !== 0 && file.isSymbolicLink())
    return [fail(`${path} is a symbolic link`, 'Put the file itself there: a link could lead anywhere.')];
  if ((mode & othersBits) === 0) return [];
  const right = file.isDirectory() ? FOLDER_MODE : FILE_MODE;
  const what = file.isDirectory() ? 'Others may enter' : 'Others may read';
  const is = (mode & 0o777).toString(8).padStart(3, '0');
  const change = `chmod ${right.toString(8)} ${shellQuoted(path)}`;
  return [
    fail(`${what} ${path} (${is})`, `Run: ${change}`, loosened(path, right, `${change} (it is ${is} now)`)),
  ];
}

const loosened = (path: string, right: number, what: string): Fix => ({
  what,
  files: [],
  apply: () => chmodSync(path, right),
});
