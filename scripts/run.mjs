// Runs the built `ocmesh <args>` or MCP server. Never installs anything, because MCP clients start it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const programs = {
  ocmesh: '../packages/daemon/bundle/ocmesh.mjs',
  mcp: '../packages/mcp-server/bundle/ocmesh-mcp.mjs',
};

const [name = '', ...args] = process.argv.slice(2);
const program = programs[/** @type {keyof typeof programs} */ (name)];
const path = program && fileURLToPath(new URL(program, import.meta.url));
if (!path || !existsSync(path)) {
  console.error(
    path
      ? 'ocmesh is not built yet. Run: npm run setup && npm run build'
      : 'usage: run.mjs ocmesh|mcp [arguments]',
  );
  process.exit(1);
}

const child = spawn(process.execPath, [path, ...args], { stdio: 'inherit' });
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.on(signal, () => child.kill(signal));
// A killed npm does not signal its child, which must not keep running alone.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) child.kill('SIGTERM');
}, 500).unref();
child.on('exit', (code, signal) => {
  process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1));
});
