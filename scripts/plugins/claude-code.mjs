// The Claude Code plugin: MCP server, skill, and the hook that wakes the agent; and a marketplace that has it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assembleSkill } from './assemble-skill.mjs';
import { facts, json, PROGRAM, recipeValues } from './facts.mjs';

const { name, version, description, license, author, keywords } = facts;

/** The files of the plugin besides the skill, by their paths. */
function claudeCodeFiles() {
  const [server, hook] = recipeValues('claude', `\${CLAUDE_PLUGIN_ROOT}/${PROGRAM}`);
  // A shell has to see the variable, and a folder may have spaces.
  const hooks = hook.hooks.map((/** @type {{ command: string }} */ one) => ({
    ...one,
    command: one.command.replaceAll("'", '"'),
  }));
  return {
    '.claude-plugin/plugin.json': json({ name, version, description, author, license, keywords }),
    '.mcp.json': json({ mcpServers: { ocmesh: server } }),
    'hooks/hooks.json': json({
      description: 'Wakes the agent when a message arrives.',
      hooks: { Stop: [{ hooks }] },
    }),
  };
}

/** @param {string} folder */
export function writeClaudeCodePlugin(folder) {
  writeFiles(folder, claudeCodeFiles());
  assembleSkill(join(folder, 'skills/ocmesh'));
}

/** Writes a marketplace that has the plugin. @param {string} folder @param {string} source of the plugin, inside it */
export function writeMarketplace(folder, source) {
  const plugins = [{ name, source, description }];
  writeFiles(folder, {
    '.claude-plugin/marketplace.json': json({ name, owner: author, metadata: { description }, plugins }),
  });
}

/** @param {string} folder @param {Readonly<Record<string, string>>} files */
export function writeFiles(folder, files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
