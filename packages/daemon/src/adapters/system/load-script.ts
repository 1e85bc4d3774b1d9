import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { openCodeCache } from './code-cache.ts';

export interface LoadedScript {
  readonly exports: unknown;
  /** Keeps what this process compiled for the next one, unless it came from the cache. */
  keepCode(): void;
}

interface Options {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The script's `import.meta.url`, from which it finds files and packages. */
  readonly url: string;
}

/**
 * Runs a script that `scripts/bundle.mjs` made of many modules. Compiled code comes from the cache of the home. One script
 * starts faster than modules: nothing has to be found and linked.
 */
export function loadScript(script: URL, { argv, env, url }: Options): LoadedScript {
  const source = readFileSync(script);
  const filename = fileURLToPath(script);
  const cache = openCodeCache({ argv, env, source });
  const compiled = new Script(source.toString('latin1'), {
    filename,
    cachedData: cache.read() ?? undefined,
  });
  const run = compiled.runInThisContext() as (...names: unknown[]) => void;
  const module = { exports: {} };
  run(module, module.exports, createRequire(url), url, filename, fileURLToPath(new URL('.', script)));
  return {
    exports: module.exports,
    keepCode() {
      // True is code by another version of Node.
      if (compiled.cachedDataRejected !== false) cache.write(compiled.createCachedData());
    },
  };
}
