// Assembles the skill in dist/skill or the given folder, complete with the programs: it can be installed without network,
// repository or build.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assembleSkill } from './plugins/assemble-skill.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const skill = resolve(process.argv[2] ?? join(root, 'dist/skill'));

/** Whether the folder is missing, empty, or an earlier skill. Anything else may have been named by mistake. */
function mayBeReplaced() {
  if (!existsSync(skill)) return true;
  if (!statSync(skill).isDirectory()) return false;
  if (readdirSync(skill).length === 0) return true;
  const description = join(skill, 'SKILL.md');
  return (
    existsSync(join(skill, 'app/ocmesh.mjs')) &&
    existsSync(description) &&
    readFileSync(description, 'utf8').startsWith('---\nname: ocmesh\n')
  );
}

if (!mayBeReplaced()) {
  console.error(
    `${skill} contains something other than the skill of ocmesh: nothing was changed. Name a new or empty folder.`,
  );
  process.exit(78);
}
assembleSkill(skill);

const files = readdirSync(skill, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
const shown = relative(process.cwd(), skill);
console.log(
  `${shown.startsWith('..') ? skill : shown}: ${files.length} files, ${(bytes / 1024 / 1024).toFixed(1)} MB`,
);
