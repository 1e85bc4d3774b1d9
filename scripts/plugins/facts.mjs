// What all plugins say about ocmesh, from the one place that says it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clientRecipes } from '../../packages/daemon/dist/clients/recipes.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const skillText = readFileSync(join(root, 'skill/SKILL.md'), 'utf8');
const { version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

export const facts = {
  name: 'ocmesh',
  version: /** @type {string} */ (version),
  license: /** @type {string} */ (license),
  description: /^description: (.+)$/m.exec(skillText)?.[1] ?? '',
  author: { name: 'ocmesh' },
  keywords: ['agents', 'messaging', 'nostr', 'mcp', 'end-to-end-encryption'],
};

/** Where the program is in a plugin: the skill brings it. */
export const PROGRAM = 'skills/ocmesh/app/ocmesh.mjs';

/**
 * What `ocmesh connect` would write for a client, with this program in place of ours.
 * @param {string} id of the client @param {string} program @returns {readonly any[]} the values, in the order of its recipe
 */
export function recipeValues(id, program) {
  const place = { machine: { env: {}, userHome: '/' }, platform: 'linux' };
  const recipes = clientRecipes(place, { node: 'node', program, home: null, skill: [] });
  const recipe = recipes.find((one) => one.id === id);
  if (!recipe) throw new Error(`no recipe for ${id}`);
  return recipe.changes.flatMap((change) => ('value' in change ? [change.value] : []));
}

/** @param {unknown} value */
export const json = (value) => `${JSON.stringify(value, null, 2)}\n`;
