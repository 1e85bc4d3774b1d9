import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ParseError, parse as parseJsonc } from 'jsonc-parser';
import { parse as parseToml } from 'smol-toml';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { createConnection } from './connection.ts';
import { clientRecipes } from './recipes.ts';

const skill = [
  { name: 'SKILL.md', text: '---\nname: ocmesh\n---\nBody.\n' },
  { name: 'references/tools.md', text: '# Tools\n' },
];
const ocmesh = { node: '/usr/bin/node', program: "/home/o'neil/app/ocmesh.mjs", home: null, skill };

function openUser() {
  const user = mkdtempSync(join(tmpdir(), 'ocmesh-connect-'));
  onTestFinished(() => rmSync(user, { recursive: true }));
  const recipes = clientRecipes({ machine: { env: {}, userHome: user }, platform: 'linux' }, ocmesh);
  return {
    user,
    recipes,
    connection(id: string, of = recipes) {
      const recipe = of.find((one) => one.id === id);
      if (!recipe) throw new Error(`no recipe ${id}`);
      return createConnection(join(user, '.ocmesh/clients'), recipe);
    },
    /** Its configuration files. */
    filesOf: (id: string) =>
      recipes
        .find((one) => one.id === id)
        ?.changes.filter(({ format }) => format !== 'skill')
        .map(({ path }) => path) ?? [],
  };
}

type User = ReturnType<typeof openUser>;

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function connect(user: User, id: string): void {
  const connection = user.connection(id);
  connection.apply(connection.plan());
}

const clients = openUserIds();
function openUserIds(): string[] {
  return clientRecipes({ machine: { env: {}, userHome: '/u' }, platform: 'linux' }, ocmesh).map(
    ({ id }) => id,
  );
}

/** What the client reads there. */
function readByClient(path: string): unknown {
  const text = readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  if (path.endsWith('.toml')) return parseToml(text);
  const errors: ParseError[] = [];
  const value = parseJsonc(text, errors, { allowTrailingComma: true });
  expect(errors).toEqual([]);
  return value;
}

/** Every `ocmesh` server found, wherever the client keeps them. */
const serversIn = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, inner]) => (name === 'ocmesh' ? [inner] : serversIn(inner)))
    : [];

const toml = (path: string): boolean => path.endsWith('.toml');
const foreign = (path: string): string =>
  toml(path)
    ? '# mine\nmodel = "x"\n\n[mcp_servers.other]\ncommand = "o" # keep\n'
    : '{\n    "mcpServers": { "other": { "command": "o" } },\n    "servers": {},\n    "mcp": { "servers": { "b": { "command": "c" } } },\n    "hooks": { "Stop": [ { "hooks": [ { "type": "command", "command": "mine" } ] } ] },\n    "last": [1, 2]\n}\n';

describe.each(clients)('connect %s', (id) => {
  it.each([
    ['no file', () => null],
    ['an empty file', () => ''],
    ['entries of others', foreign],
    ['entries of others, with CRLF', (path: string) => foreign(path).replaceAll('\n', '\r\n')],
    ['no line end', (path: string) => (toml(path) ? 'model = "x"' : '{"a":1}')],
    ['a byte order mark', (path: string) => (toml(path) ? '' : `\ufeff${foreign(path)}`)],
  ])('writes beside %s, once, and takes it back byte by byte', (_, content) => {
    const user = openUser();
    const before = new Map(user.filesOf(id).map((path) => [path, content(path)]));
    for (const [path, text] of before) if (text !== null) write(path, text);
    connect(user, id);
    const servers = user.filesOf(id).flatMap((path) => serversIn(readByClient(path)));
    expect(servers).toMatchObject([{ command: ocmesh.node, args: [ocmesh.program, 'mcp'] }]);
    for (const [path, text] of before) {
      // Every line that was there is there, in its order.
      const lines = readFileSync(path, 'utf8').split(/\r?\n/);
      for (const line of (text ?? '').split(/\r?\n/).filter((one) => /keep|"last"/.test(one)))
        expect(lines).toContain(line);
      if (text?.includes('\r\n')) expect(readFileSync(path, 'utf8')).not.toMatch(/[^\r]\n[^\r]*\n$/);
    }
    expect(user.connection(id).plan()).toEqual([]);
    const undone = user.connection(id).undo();
    expect(new Set(undone.map(({ how }) => how))).toEqual(new Set(['restored']));
    for (const [path, text] of before)
      expect(existsSync(path) ? readFileSync(path, 'utf8') : null).toBe(text);
    expect(user.connection(id).isRecorded()).toBe(false);
  });

  it.each([
    ['broken', (path: string) => (toml(path) ? 'a = [1' : '{ "a": ')],
    ['no object', (path: string) => (toml(path) ? 'mcp_servers = 3' : '[1]')],
    [
      'something else in its place',
      (path: string) =>
        toml(path)
          ? '[mcp_servers.ocmesh]\ncommand = "mine"\n'
          : '{"mcpServers": 1, "servers": [], "mcp": "x", "hooks": null}',
    ],
  ])('refuses a file that is %s, and changes none', (_, content) => {
    const user = openUser();
    const paths = user.filesOf(id);
    for (const path of paths) write(path, content(path));
    expect(() => connect(user, id)).toThrow(/Nothing was changed/);
    for (const path of paths) expect(readFileSync(path, 'utf8')).toBe(content(path));
    expect(user.connection(id).isRecorded()).toBe(false);
  });

  it('refuses a file that is read-only, also to root', () => {
    const user = openUser();
    const path = user.filesOf(id).at(-1) ?? '';
    write(path, foreign(path));
    chmodSync(path, 0o444);
    expect(() => connect(user, id)).toThrow(`${path} is read-only`);
    for (const other of user.filesOf(id)) if (other !== path) expect(existsSync(other)).toBe(false);
  });

  it('writes to the file behind a link, keeps its permissions, and refuses a link to nothing', () => {
    const user = openUser();
    const [path = ''] = user.filesOf(id);
    const real = join(user.user, 'dotfiles/real');
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(real, path);
    expect(() => connect(user, id)).toThrow('is a link to a file that does not exist');
    write(real, foreign(path));
    chmodSync(real, 0o640);
    connect(user, id);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(statSync(real).mode & 0o777).toBe(0o640);
    expect(serversIn(readByClient(path))).toHaveLength(1);
    user.connection(id).undo();
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, 'utf8')).toBe(foreign(path));
  });

  it('takes only its own part out of a file that changed since', () => {
    const user = openUser();
    for (const path of user.filesOf(id)) write(path, foreign(path));
    connect(user, id);
    for (const path of user.filesOf(id)) {
      const text = readFileSync(path, 'utf8');
      writeFileSync(
        path,
        toml(path) ? `${text}\n[added]\nlater = true\n` : text.replace('"last"', '"later": true, "last"'),
      );
    }
    const undone = user.connection(id).undo();
    const ofFiles = undone.filter(({ path }) => user.filesOf(id).includes(path));
    expect(ofFiles.map(({ how }) => how)).toEqual(user.filesOf(id).map(() => 'removed'));
    for (const path of user.filesOf(id)) {
      const text = readFileSync(path, 'utf8');
      expect(serversIn(readByClient(path))).toEqual([]);
      expect(text).not.toContain('ocmesh');
      expect(text).toContain('later');
      expect(text).toMatch(/mine|keep/);
    }
  });
});

test('comments and trailing commas stay where the client reads them, and are refused where it does not', () => {
  const user = openUser();
  const text = '{\n  // mine\n  "servers": { "a": {}, }, /* two */\n}\n';
  for (const id of ['vscode', 'cursor']) for (const path of user.filesOf(id)) write(path, text);
  connect(user, 'vscode');
  const [vscode = ''] = user.filesOf('vscode');
  expect(readFileSync(vscode, 'utf8')).toContain('// mine');
  expect(readFileSync(vscode, 'utf8')).toContain('/* two */');
  expect(() => connect(user, 'cursor')).toThrow(/see line 2/);
});

test('connected again by another version, it undoes to what the owner had', () => {
  const user = openUser();
  const [path = ''] = user.filesOf('cursor');
  write(path, foreign(path));
  connect(user, 'cursor');
  const later = clientRecipes(
    { machine: { env: {}, userHome: user.user }, platform: 'linux' },
    { ...ocmesh, program: '/new/ocmesh.mjs' },
  );
  const again = user.connection('cursor', later);
  again.apply(again.plan());
  expect(serversIn(readByClient(path))).toMatchObject([{ args: ['/new/ocmesh.mjs', 'mcp'] }]);
  again.undo();
  expect(readFileSync(path, 'utf8')).toBe(foreign(path));
});

test('the hook is a command that a shell reads as it was meant, for the home it was made for', () => {
  const [claude] = clientRecipes(
    { machine: { env: {}, userHome: '/u' }, platform: 'linux' },
    { ...ocmesh, home: '/other home' },
  ).filter(({ id }) => id === 'claude');
  expect(JSON.stringify(claude?.changes)).toContain(
    JSON.stringify(
      `env 'OCMESH_HOME=/other home' /usr/bin/node '/home/o'\\''neil/app/ocmesh.mjs' watch --name claude --once`,
    ).slice(1, -1),
  );
});

describe.each([
  ['openclaw', '.openclaw/skills/ocmesh'],
  ['claude', '.claude/skills/ocmesh'],
])('the skill of %s', (id, place) => {
  it('is written whole, and taken back with its folders', () => {
    const user = openUser();
    const folder = join(user.user, place);
    write(join(dirname(folder), 'other/SKILL.md'), 'mine');
    connect(user, id);
    for (const { name, text } of skill) expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
    expect(user.connection(id).plan()).toEqual([]);
    user.connection(id).undo();
    expect(existsSync(folder)).toBe(false);
    expect(readFileSync(join(dirname(folder), 'other/SKILL.md'), 'utf8')).toBe('mine');
  });

  it.each([
    ['SKILL.md', '---\nname: ocmesh-tools\n---\n'],
    ['SKILL.md', 'name: ocmesh\n'],
    ['references/tools.md', 'mine'],
  ])('is refused as a whole where another %s is: %j', (name, text) => {
    const user = openUser();
    const file = join(user.user, place, name);
    write(file, text);
    expect(() => connect(user, id)).toThrow(/not the skill of ocmesh.*Nothing was changed/);
    expect(readFileSync(file, 'utf8')).toBe(text);
    for (const path of user.filesOf(id)) expect(existsSync(path)).toBe(false);
  });

  it('replaces another version of itself, and gives it back', () => {
    const user = openUser();
    const file = join(user.user, place, 'SKILL.md');
    const earlier = '---\nname: ocmesh\n---\nOf an earlier version.\n';
    write(file, earlier);
    connect(user, id);
    expect(readFileSync(file, 'utf8')).toBe(skill[0]?.text);
    user.connection(id).undo();
    expect(readFileSync(file, 'utf8')).toBe(earlier);
    expect(existsSync(join(dirname(file), 'references'))).toBe(false);
  });

  it('leaves a file that its owner changed since', () => {
    const user = openUser();
    connect(user, id);
    const file = join(user.user, place, 'SKILL.md');
    writeFileSync(file, `${skill[0]?.text}\nMy own line.\n`);
    expect(user.connection(id).undo()).toContainEqual({ path: file, how: 'kept' });
    expect(readFileSync(file, 'utf8')).toContain('My own line.');
    expect(existsSync(join(dirname(file), 'references'))).toBe(false);
  });

  it('leaves a file of its owner beside it', () => {
    const user = openUser();
    connect(user, id);
    const file = join(user.user, place, 'notes.md');
    writeFileSync(file, 'mine');
    user.connection(id).undo();
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(existsSync(join(user.user, place, 'SKILL.md'))).toBe(false);
  });

  it('goes where a link leads, and the link stays', () => {
    const user = openUser();
    const folder = join(user.user, place);
    const dotfiles = join(user.user, 'dotfiles');
    mkdirSync(dotfiles);
    mkdirSync(dirname(folder), { recursive: true });
    symlinkSync(dotfiles, folder);
    connect(user, id);
    for (const { name, text } of skill) expect(readFileSync(join(dotfiles, name), 'utf8')).toBe(text);
    user.connection(id).undo();
    expect(lstatSync(folder).isSymbolicLink()).toBe(true);
    expect(existsSync(join(dotfiles, 'SKILL.md'))).toBe(false);
  });

  it.each<[string, (folder: string) => void]>([
    ['a link that leads nowhere', (folder) => symlinkSync('/nonexistent/skill', folder)],
    ['a file', (folder) => writeFileSync(folder, 'mine')],
    [
      'a skill with a read-only file',
      (folder) => {
        write(join(folder, 'SKILL.md'), '---\nname: ocmesh\n---\nearlier\n');
        chmodSync(join(folder, 'SKILL.md'), 0o444);
      },
    ],
  ])('is refused as a whole where its folder is %s', (_, make) => {
    const user = openUser();
    const folder = join(user.user, place);
    mkdirSync(dirname(folder), { recursive: true });
    make(folder);
    expect(() => connect(user, id)).toThrow(/Nothing was changed/);
    for (const path of user.filesOf(id)) expect(existsSync(path)).toBe(false);
    expect(user.connection(id).isRecorded()).toBe(false);
  });
});

test.each([
  ['a file', (folder: string) => writeFileSync(folder, 'mine')],
  ['a link that leads nowhere', (folder: string) => symlinkSync('/nonexistent', folder)],
])('is refused as a whole where the folder of a client is %s', (_, make) => {
  const user = openUser();
  make(join(user.user, '.cursor'));
  expect(() => connect(user, 'cursor')).toThrow(/Nothing was changed/);
  expect(user.connection('cursor').isRecorded()).toBe(false);
});
