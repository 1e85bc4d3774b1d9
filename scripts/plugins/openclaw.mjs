// The native OpenClaw plugin: its manifest, its code in one file, the skill.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { listTools } from '../../packages/mcp-server/dist/toolbox.js';
import { assembleSkill } from './assemble-skill.mjs';
import { facts, json, root } from './facts.mjs';

/** As in packages/openclaw/src/host.ts. */
const configSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    home: { type: 'string', description: 'Folder of the agent. Default: OCMESH_HOME, or ~/.ocmesh.' },
    wake: {
      type: 'boolean',
      description: 'Whether a message of a contact starts a turn of the agent. Default: true.',
    },
    agent: { type: 'string', description: 'The agent that is woken. Default: main.' },
  },
};

/** The manifest. OpenClaw reads it without running the plugin: what it does not name, the plugin may not register. */
export function openclawManifest() {
  const tools = listTools(false).map((tool) => ({ ...tool, name: `ocmesh__${tool.name}` }));
  return {
    id: facts.name,
    name: facts.name,
    description: facts.description,
    version: facts.version,
    categories: ['agent-orchestration'],
    activation: { onStartup: true },
    contracts: { tools: tools.map(({ name }) => name) },
    toolMetadata: Object.fromEntries(
      tools.map(({ name, annotations }) => [
        name,
        annotations.readOnlyHint ? { replaySafe: true } : { sideEffecting: true },
      ]),
    ),
    skills: ['./skills'],
    configSchema,
  };
}

/** Writes what is generated of the plugin. @param {string} folder that of its package.json */
export async function writeOpenClawPlugin(folder) {
  for (const old of ['bundle', 'skills']) rmSync(join(folder, old), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'openclaw.plugin.json'), json(openclawManifest()));
  await build({
    absWorkingDir: root,
    entryPoints: { index: 'packages/openclaw/src/index.ts' },
    outdir: join(folder, 'bundle'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    legalComments: 'linked',
    logLevel: 'warning',
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  });
  assembleSkill(join(folder, 'skills/ocmesh'));
}
