// Assembles the skill, complete with the programs: it can be installed without network, repository or build.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Source and target of each part. Folders are copied completely. */
const parts = [
  ['skill/SKILL.md', 'SKILL.md'],
  ['LICENSE', 'LICENSE'],
  ['skill/references', 'references'],
  ['docs/api.md', 'references/api.md'],
  ['scripts/install.sh', 'scripts/install.sh'],
  ['scripts/uninstall.sh', 'scripts/uninstall.sh'],
  ['packages/daemon/bundle', 'app'],
  ['packages/mcp-server/bundle', 'app'],
];

/** Writes the skill. Removes files of an older version, but no other files in the folder. @param {string} folder */
export function assembleSkill(folder) {
  for (const [, to = ''] of parts)
    rmSync(join(folder, to.split('/')[0] ?? ''), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [from = '', to = ''] of parts) cpSync(join(root, from), join(folder, to), { recursive: true });
}
