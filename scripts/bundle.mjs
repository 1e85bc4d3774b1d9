// Bundles the MCP server into one file that needs Node and nothing else: no node_modules, half the time to start.
import { chmod, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const outfile = join(root, 'packages/mcp-server/bundle/ocmesh-mcp.mjs');

await build({
  absWorkingDir: root,
  entryPoints: ['packages/mcp-server/dist/main.js'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  minify: true,
  legalComments: 'linked',
  logLevel: 'warning',
  banner: {
    // ajv is CommonJS and calls require() at run time.
    js: "#!/usr/bin/env node\nimport{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);",
  },
});
await chmod(outfile, 0o755);

const { size } = await stat(outfile);
console.log(`${relative(root, outfile)} ${Math.round(size / 1024)} KB`);
