// Installs the skill of a folder on a machine that has nothing else: no repository, no network, an empty home.
// Arguments: the folder of the skill, an empty folder. Prints what it saw as JSON.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { startLaunchdStandIn } from '@ocmesh/testkit';
import { run } from './run.mjs';

const [skill = '', place = ''] = process.argv.slice(2);
const userHome = join(place, 'home');
mkdirSync(userHome);
const launchd = await startLaunchdStandIn({ place, userHome });
const env = { HOME: userHome, PATH: `${launchd.binFolder}:${dirname(process.execPath)}:/usr/bin:/bin` };

const hasNoNetwork = spawnSync('sh', ['-c', 'ip route']).stdout.toString() === '';
const installed = await run('bash', [join(skill, 'scripts/install.sh')], env);
const status = await fetch('http://127.0.0.1:7432/status').then(
  (response) => response.json(),
  (error) => String(error),
);
const client = new Client({ name: 'skill-alone', version: '1.0.0' });
const args = [join(userHome, '.ocmesh/app/current/ocmesh-mcp.mjs')];
await client.connect(new StdioClientTransport({ command: process.execPath, args, env }));
const { tools } = await client.listTools();
const called = await client.callTool({ name: 'get_status', arguments: {} });
await client.close();
const uninstalled = await run('bash', [join(skill, 'scripts/uninstall.sh')], env);
const dataStays = existsSync(join(userHome, '.ocmesh/ocmesh.db'));
await launchd.close();
const mcp = { tools: tools.length, text: /** @type {any} */ (called.content)[0]?.text };
console.log(JSON.stringify({ hasNoNetwork, installed, status, mcp, uninstalled, dataStays }));
