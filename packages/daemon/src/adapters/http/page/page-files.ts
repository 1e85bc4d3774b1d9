import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { pageLimits } from './limits.ts';

/** A file of the built page. */
export interface PageFile {
  /** Its path from the root of the page: `index.html` or `page/<name>-<hash>.<js, css or svg>`. */
  readonly name: string;
  readonly body: Buffer;
  /** The same file, compressed when the page was built. */
  readonly brotli: Buffer;
}

/**
 * Reads the built page: the file that comes with the bundled program, or the folder that a build of the page leaves in a
 * checkout. Returns no files if there is neither.
 * @throws Error if it is not a page
 */
export function readPage(packed: string, folder: string): PageFile[] {
  if (existsSync(packed)) return unpack(JSON.parse(readFileSync(packed, 'utf8')) as Record<string, string>);
  return existsSync(join(folder, 'index.html')) ? unpack(packPage(folder)) : [];
}

/** Packs a built page: its compressed files in base64, by name. An installed program is a flat folder. */
function packPage(folder: string): Record<string, string> {
  const names = ['index.html', ...readdirSync(join(folder, 'page')).map((name) => `page/${name}`)];
  return Object.fromEntries(
    names
      .filter((name) => !name.endsWith('.br'))
      .map((name) => [name, readFileSync(join(folder, `${name}.br`)).toString('base64')]),
  );
}

const isName = /^(index\.html|page\/[\w.-]{1,100}\.(js|css|svg))$/;

function unpack(packed: Readonly<Record<string, string>>): PageFile[] {
  const names = Object.keys(packed);
  let room: number = pageLimits.totalBytes;
  if (names.length > pageLimits.files) throw new Error(`The page has more than ${pageLimits.files} files.`);
  return names.map((name) => {
    if (!isName.test(name)) throw new Error(`The page has a file that is not expected: ${name}.`);
    const brotli = Buffer.from(packed[name] ?? '', 'base64');
    // Ends with an error beyond this length.
    const body = brotliDecompressSync(brotli, { maxOutputLength: room });
    room -= body.length;
    return { name, body, brotli };
  });
}
