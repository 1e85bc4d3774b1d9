// Assembles dist/skill, or another folder that is named: what an agent's host can install from without network,
// repository or build.
import { cpSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const skill = process.argv[2] ?? join(root, 'dist/skill');

/** From where, to where. Folders go as a whole. */
const parts = [
  ['skill/SKILL.md', 'SKILL.md'],
  ['LICENSE', 'LICENSE'],
  ['docs/api.md', 'references/api.md'],
  ['scripts/install.sh', 'scripts/install.sh'],
  ['scripts/uninstall.sh', 'scripts/uninstall.sh'],
  ['packages/daemon/bundle', 'app'],
  ['packages/mcp-server/bundle', 'app'],
];

rmSync(skill, { recursive: true, force: true });
mkdirSync(skill, { recursive: true });
for (const [from = '', to = ''] of parts) cpSync(join(root, from), join(skill, to), { recursive: true });

const files = readdirSync(skill, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
console.log(
  `${relative(process.cwd(), skill)}: ${files.length} files, ${(bytes / 1024 / 1024).toFixed(1)} MB`,
);
