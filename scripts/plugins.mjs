// Writes the plugins for OpenClaw, Claude Code and clients of the Agent Plugins format in dist/plugins or the given folder, from
// the tools, the skill and the recipes of `ocmesh connect`. Each is complete with the programs. Needs the build.
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeAgentPlugin } from './plugins/agent-plugins.mjs';
import { writeClaudeCodePlugin, writeMarketplace } from './plugins/claude-code.mjs';
import { root } from './plugins/facts.mjs';
import { writeOpenClawPlugin } from './plugins/openclaw.mjs';

const place = resolve(process.argv[2] ?? join(root, 'dist/plugins'));
const plugins = ['openclaw', 'claude-code', 'agent-plugins'];

const others = existsSync(place)
  ? readdirSync(place).filter((name) => ![...plugins, '.claude-plugin'].includes(name))
  : [];
if (others.length > 0) {
  console.error(`${place} contains something else: nothing was changed. Name a new or empty folder.`);
  process.exit(78);
}
for (const name of plugins) rmSync(join(place, name), { recursive: true, force: true });
await writeOpenClawPlugin(join(place, 'openclaw'));
for (const file of ['package.json', 'README.md'])
  cpSync(join(root, 'packages/openclaw', file), join(place, 'openclaw', file));
writeClaudeCodePlugin(join(place, 'claude-code'));
writeMarketplace(place, './claude-code');
writeAgentPlugin(join(place, 'agent-plugins'));
for (const name of plugins) console.log(join(place, name));
