import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { type OperationName, operations } from '@ocmesh/shared/contract';
import { defineConfig, type Plugin } from 'vite';

const outDir = join(import.meta.dirname, 'dist');
/** Ours, compiled. Their modules do nothing when loaded, so that the page gets only what it uses. */
const ours = /\/packages\/(shared|client)\/dist\//;
/** The client needs of each operation how to call it, not its schemas, which are five times as large as the page. */
const needed = ['method', 'path', 'page', 'counts', 'text', 'stream', 'headers', 'degradedStatus', 'owner'];

/** Replaces the operation table by one without schemas. */
const slimOperations = (): Plugin => ({
  name: 'slim-operations',
  load(id) {
    if (!id.endsWith('/packages/shared/dist/contract/operations.js')) return null;
    const rows = (Object.keys(operations) as OperationName[]).map((name) => {
      const fields = Object.entries(operations[name]).filter(([field]) => needed.includes(field));
      return [name, Object.fromEntries(fields)];
    });
    return `export const operations = ${JSON.stringify(Object.fromEntries(rows))};`;
  },
});

/** Writes a compressed copy next to each file: the daemon serves it as it is. */
const brotliFiles = (): Plugin => ({
  name: 'brotli-files',
  async closeBundle() {
    const names = await readdir(outDir, { recursive: true });
    for (const name of names.filter((each) => /\.(html|js|css|svg)$/.test(each))) {
      const bytes = await readFile(join(outDir, name));
      const params = {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      };
      await writeFile(join(outDir, `${name}.br`), brotliCompressSync(bytes, { params }));
    }
  },
});

export default defineConfig({
  root: import.meta.dirname,
  logLevel: 'warn',
  plugins: [slimOperations(), brotliFiles()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir,
    assetsDir: 'page',
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: false,
    target: 'es2023',
    emptyOutDir: true,
    reportCompressedSize: false,
    rolldownOptions: {
      treeshake: { moduleSideEffects: (id) => !ours.test(id) },
    },
  },
});
