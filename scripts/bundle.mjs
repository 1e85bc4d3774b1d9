// Bundles the two programs. The bundles need only Node, no node_modules, and start in half the time.
import { chmod, copyFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { ConfigFile } from '../packages/daemon/dist/config/schema.js';
import { ajvOptions } from '../packages/shared/dist/contract/compile-schema.js';
import { hasBody } from '../packages/shared/dist/contract/operation.js';
import { operations } from '../packages/shared/dist/contract/operations.js';
import { writeOpenClawPlugin } from './plugins/openclaw.mjs';
import { precompiledValidators } from './precompiled-validators.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const daemonFolder = join(root, 'packages/daemon/bundle');
const mcpFolder = join(root, 'packages/mcp-server/bundle');

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  outExtension: { '.js': '.mjs' },
  legalComments: 'linked',
  logLevel: 'warning',
};
// CommonJS dependencies (koa, sql.js, ws, ajv, pino) call require() and read __dirname at run time.
const commonJs =
  "import{createRequire as __cr}from'node:module';import{fileURLToPath as __fu}from'node:url';const require=__cr(import.meta.url),__filename=__fu(import.meta.url),__dirname=__fu(new URL('.',import.meta.url));";

/**
 * Leaves out what koa and raw-body bring along and never use here: tables of text encodings, since bodies are UTF-8, and
 * the media types of files that we do not serve. V8 would read these 900 KB at each start.
 * @type {import('esbuild').Plugin}
 */
const leaveOutTables = {
  name: 'leave-out-tables',
  setup(build) {
    build.onLoad({ filter: /\/iconv-lite\/lib\/index\.js$/ }, () => ({ contents: 'module.exports = {}' }));
    build.onLoad({ filter: /\/mime-db\/db\.json$/ }, async ({ path }) => ({
      contents: JSON.stringify(servedTypes(JSON.parse(await readFile(path, 'utf8')))),
      loader: 'json',
    }));
  },
};
const served = [
  'bin',
  'css',
  'html',
  'ico',
  'js',
  'json',
  'map',
  'md',
  'png',
  'svg',
  'txt',
  'webmanifest',
  'woff2',
];
const servedTypes = (/** @type {Record<string, { extensions?: string[] }>} */ types) =>
  Object.fromEntries(
    Object.entries(types).filter(([, { extensions }]) => extensions?.some((one) => served.includes(one))),
  );

/** What each start and each request is checked against. */
const schemas = [
  { schema: ConfigFile, coerces: false },
  ...Object.values(operations).map((row) => ({ schema: row.input, coerces: !hasBody(row) })),
];

const daemonRequire = createRequire(join(root, 'packages/daemon/package.json'));

await Promise.all([daemonFolder, mcpFolder].map((folder) => rm(folder, { recursive: true, force: true })));
await Promise.all([
  build({
    ...common,
    entryPoints: {
      ocmesh: 'packages/daemon/dist/main.js',
      'compaction-worker': 'packages/daemon/dist/adapters/store/engine/compaction-worker.js',
      'signature-worker': 'packages/daemon/dist/adapters/crypto/signature-worker.js',
      'watchdog-worker': 'packages/daemon/dist/adapters/system/watchdog-worker.js',
    },
    outdir: daemonFolder,
    splitting: true,
    chunkNames: '[name]-[hash]',
    banner: { js: commonJs },
  }),
  // One script, which `main.ts` loads (adapters/system/load-script.ts). Its text has only ASCII, as V8 then needs half the memory.
  build({
    ...common,
    entryPoints: ['packages/daemon/dist/cli/cli.js'],
    outfile: join(daemonFolder, 'program.cjs'),
    format: 'cjs',
    // A script cannot import.
    supported: { 'dynamic-import': false },
    charset: 'ascii',
    plugins: [leaveOutTables, precompiledValidators(schemas, ajvOptions)],
    // Its CommonJS build loads its parts in a way that cannot be bundled.
    alias: { 'jsonc-parser': join(dirname(daemonRequire.resolve('jsonc-parser')), '../esm/main.js') },
    define: { 'import.meta.url': 'importMetaUrl' },
    // Names stay, and lines: stack traces need them.
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 160,
    banner: { js: '(function(module,exports,require,importMetaUrl,__filename,__dirname){' },
    footer: { js: '})' },
  }),
  build({
    ...common,
    entryPoints: { 'ocmesh-mcp': 'packages/mcp-server/dist/main.js' },
    outdir: mcpFolder,
    minify: true,
    banner: { js: `#!/usr/bin/env node\n${commonJs}` },
  }),
]);

await copyFile(daemonRequire.resolve('sql.js/dist/sql-wasm.wasm'), join(daemonFolder, 'sql-wasm.wasm'));
await copyFile(
  join(dirname(daemonRequire.resolve('tiny-secp256k1')), '../secp256k1.wasm'),
  join(daemonFolder, 'secp256k1.wasm'),
);

// What `ocmesh connect` gives to clients that read skills. One file: an installed program is a flat folder.
const references = (await readdir(join(root, 'skill/references'))).sort();
const skillFiles = [
  ['SKILL.md', 'skill/SKILL.md'],
  ...references.map((name) => [`references/${name}`, `skill/references/${name}`]),
  ['references/api.md', 'docs/api.md'],
].map(async ([name = '', from = '']) => ({ name, text: await readFile(join(root, from), 'utf8') }));
await writeFile(join(daemonFolder, 'skill.json'), JSON.stringify(await Promise.all(skillFiles)));

// The built page, its compressed files in base64: one file, too.
const pageFolder = join(root, 'packages/page/dist');
/** @type {string[]} */
const pageFiles = await readdir(pageFolder, { recursive: true }).catch(() => []);
if (pageFiles.includes('index.html')) {
  const packed = pageFiles
    .filter((name) => name.endsWith('.br'))
    .sort()
    .map(async (name) => [name.slice(0, -3), (await readFile(join(pageFolder, name))).toString('base64')]);
  await writeFile(
    join(daemonFolder, 'page.json'),
    JSON.stringify(Object.fromEntries(await Promise.all(packed))),
  );
}
await writeOpenClawPlugin(join(root, 'packages/openclaw'));

for (const program of [join(daemonFolder, 'ocmesh.mjs'), join(mcpFolder, 'ocmesh-mcp.mjs')]) {
  await chmod(program, 0o755);
  const { size } = await stat(program);
  console.log(`${relative(root, program)} ${Math.round(size / 1024)} KB`);
}
