// The plugin in the open format of agent-plugins.org, 1.0.0: MCP server and skill, which is all that the format has.
import { join } from 'node:path';
import { assembleSkill } from './assemble-skill.mjs';
import { writeFiles } from './claude-code.mjs';
import { facts, json, PROGRAM, recipeValues } from './facts.mjs';

const schema = (/** @type {string} */ what) => `https://agent-plugins.org/schemas/1.0.0/${what}.schema.json`;

/** The files of the plugin besides the skill, by their paths. */
function agentPluginFiles() {
  // The entry with a type, as the format wants it.
  const [server] = recipeValues('claude', `\${PLUGIN_ROOT}/${PROGRAM}`);
  return {
    'plugin.json': json({ $schema: schema('plugin'), ...facts }),
    'mcp.json': json({ $schema: schema('mcp'), mcpServers: { ocmesh: server } }),
  };
}

/** @param {string} folder */
export function writeAgentPlugin(folder) {
  writeFiles(folder, agentPluginFiles());
  assembleSkill(join(folder, 'skills/ocmesh'));
}
