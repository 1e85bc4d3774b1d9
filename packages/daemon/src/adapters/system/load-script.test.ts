import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { openCodeCache } from './code-cache.ts';
import { type LoadedScript, loadScript } from './load-script.ts';

const NAMES = 'module,exports,require,importMetaUrl,__filename,__dirname';
const script = (body: string): string => `(function(${NAMES}){${body}})`;

let place: string;
let file: string;
const env = (): { OCMESH_HOME: string } => ({ OCMESH_HOME: place });
const load = (): LoadedScript =>
  loadScript(pathToFileURL(file), { argv: [], env: env(), url: pathToFileURL(join(place, 'main.mjs')).href });
const cached = (): Buffer | null =>
  openCodeCache({ argv: [], env: env(), source: readFileSync(file) }).read();

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'ocmesh-script-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  file = join(place, 'program.cjs');
});

test('gives the script its place, and packages beside the program', () => {
  mkdirSync(join(place, 'node_modules/one'), { recursive: true });
  writeFileSync(join(place, 'node_modules/one/index.js'), 'module.exports = 1;');
  writeFileSync(file, script("module.exports={one:require('one'),url:importMetaUrl,__filename,__dirname}"));
  expect(load().exports).toEqual({
    one: 1,
    url: pathToFileURL(join(place, 'main.mjs')).href,
    __filename: file,
    __dirname: `${place}/`,
  });
});

test('runs the code that an earlier process kept', () => {
  writeFileSync(file, script('exports.answer=()=>42'));
  load().keepCode();
  expect((load().exports as { answer(): number }).answer()).toBe(42);
});

test('compiles a changed program afresh', () => {
  writeFileSync(file, script('exports.answer=41'));
  load().keepCode();
  writeFileSync(file, script('exports.answer=43'));
  expect(load().exports).toEqual({ answer: 43 });
});

test('replaces code that V8 refuses', () => {
  writeFileSync(file, script('exports.answer=44'));
  const refused = Buffer.from('made by another version of Node');
  openCodeCache({ argv: [], env: env(), source: readFileSync(file) }).write(refused);
  const loaded = load();
  expect(loaded.exports).toEqual({ answer: 44 });
  loaded.keepCode();
  expect(cached()?.equals(refused)).toBe(false);
});
