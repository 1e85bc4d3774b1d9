import { chmodSync, existsSync, lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { shellQuoted } from '@ocmesh/shared/text';
import { isSecret } from '../../adapters/system/home.ts';
import { othersBits } from '../../adapters/system/private-file.ts';
import { type Check, type Finding, type Fix, fail, ok, skipped } from '../check.ts';
import type { Environment } from '../probes/environment.ts';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** Reports everything at once for which a start would refuse: anyone who can read these files can act as the agent. */
export const permissionsCheck = ({
  home,
  machine: { uid },
}: Pick<Environment, 'home' | 'machine'>): Check => ({
  id: 'permissions',
  what: 'Permissions',
  why: 'Anyone who can read the home folder has the identity and every message, so the daemon refuses to start.',
  run() {
    if (!existsSync(home.path))
      return skipped(`${home.path} does not exist yet; \`ocmesh start\` creates it.`);
    const folder = statSync(home.path);
    if (!folder.isDirectory()) return fail(`${home.path} is not a folder.`, 'Set OCMESH_HOME to a folder.');
    // Its files cannot be checked then.
    if (folder.uid !== uid) return faultsOf(home.path, folder, uid, folder.mode);
    const wrong = [
      ...faultsOf(home.path, folder, uid, folder.mode),
      ...readdirSync(home.path).flatMap((name) => {
        const path = join(home.path, name);
        const file = lstatSync(path);
        return faultsOf(path, file, uid, isSecret(name) ? file.mode : 0);
      }),
    ];
    return wrong.length > 0 ? wrong : ok(`only its owner can read ${home.path}`);
  },
});

/** @param mode 0 if it does not matter */
function faultsOf(path: string, file: Stats, uid: number, mode: number): Finding[] {
  if (file.uid !== uid)
    return [fail(`${path} belongs to another user`, `Run: sudo chown -R "$(id -u)" ${shellQuoted(path)}`)];
  if (mode !== 0 && file.isSymbolicLink())
    return [
      fail(`${path} is a symbolic link`, 'Replace it with the file itself: a link could point anywhere.'),
    ];
  if ((mode & othersBits) === 0) return [];
  const right = file.isDirectory() ? FOLDER_MODE : FILE_MODE;
  const what = file.isDirectory() ? 'Others may enter' : 'Others may read';
  const is = (mode & 0o777).toString(8).padStart(3, '0');
  const change = `chmod ${right.toString(8)} ${shellQuoted(path)}`;
  return [
    fail(`${what} ${path} (${is})`, `Run: ${change}`, chmodFix(path, right, `${change} (it is ${is} now)`)),
  ];
}

const chmodFix = (path: string, right: number, what: string): Fix => ({
  what,
  files: [],
  apply: () => chmodSync(path, right),
});
