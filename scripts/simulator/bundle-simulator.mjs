import { spawnSync } from 'node:child_process';
import { copyFile, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'packages/simulator/dist');

/**
 * A change of the product for one bundle; the files stay as they are.
 * @typedef {{ readonly file: string, readonly from: string, readonly to: string }} Patch
 */

/**
 * Bundles the simulator with the sources of the product, so that it needs no build.
 * @param {string} name of the bundle
 * @param {readonly Patch[]} patches texts to replace; each has to be found exactly once
 * @returns the path of the program
 */
export async function bundleSimulator(name, patches = []) {
  const outfile = join(folder, `${name}.mjs`);
  const unused = new Set(patches);
  await build({
    absWorkingDir: root,
    entryPoints: ['packages/simulator/src/main.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    logLevel: 'warning',
    // CommonJS dependencies call require() and read __dirname at run time.
    banner: {
      js: "import{createRequire as __cr}from'node:module';import{fileURLToPath as __fu}from'node:url';const require=__cr(import.meta.url),__filename=__fu(import.meta.url),__dirname=__fu(new URL('.',import.meta.url));",
    },
    plugins: [sourcesOfShared, patching(patches, unused)],
  });
  const [left] = unused;
  if (left) throw new Error(`${left.file} is not part of the simulator: the mutant needs another file.`);
  const daemonRequire = createRequire(join(root, 'packages/daemon/package.json'));
  await copyFile(daemonRequire.resolve('sql.js/dist/sql-wasm.wasm'), join(folder, 'sql-wasm.wasm'));
  return outfile;
}

/** @type {import('esbuild').Plugin} */
const sourcesOfShared = {
  name: 'sources of @ocmesh/shared',
  setup({ onResolve }) {
    onResolve({ filter: /^@ocmesh\/shared\// }, ({ path }) => ({
      path: join(root, 'packages/shared/src', path.slice('@ocmesh/shared/'.length), 'index.ts'),
    }));
  },
};

/** @param {readonly Patch[]} patches @param {Set<Patch>} unused @returns {import('esbuild').Plugin} */
const patching = (patches, unused) => ({
  name: 'patches',
  setup({ onLoad }) {
    if (patches.length === 0) return;
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const own = patches.filter(({ file }) => file === relative(root, path));
      let contents = await readFile(path, 'utf8');
      for (const patch of own) {
        const places = contents.split(patch.from).length - 1;
        if (places !== 1)
          throw new Error(
            `${patch.file} has ${places} places like this, not one:\n${patch.from}\nUpdate the mutant.`,
          );
        contents = contents.replace(patch.from, () => patch.to);
        unused.delete(patch);
      }
      return { contents, loader: 'ts' };
    });
  },
});

/** Much is made and thrown away in each step: 8 % less CPU than with threads that collect it, and few collections. */
const nodeOptions = ['--max-semi-space-size=64', '--single-threaded-gc'];

/** Runs the simulator and shows what it prints. @param {string} program @param {readonly string[]} args */
export const runSimulator = (program, args, /** @type {'inherit' | 'pipe'} */ stdout = 'inherit') =>
  spawnSync(process.execPath, [...nodeOptions, program, ...args], {
    stdio: ['ignore', stdout, 'inherit'],
    encoding: 'utf8',
  });
