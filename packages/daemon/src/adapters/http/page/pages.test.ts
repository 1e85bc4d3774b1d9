import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { openApi } from '../../../../test/support/http-api.ts';
import { pageLimits } from './limits.ts';
import { type PageFile, readPage } from './page-files.ts';

const contents = {
  'index.html': '<!doctype html><title>ocmesh</title>',
  'page/app-aB3_x-9Z.js': 'export const answer = 42;',
  'page/app-0123abcd.css': 'body { margin: 0 }',
  'page/icon-0123abcd.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'page/plain.js': 'void 0;',
};
const files: PageFile[] = Object.entries(contents).map(([name, text]) => ({
  name,
  body: Buffer.from(text),
  brotli: brotliCompressSync(text),
}));
const openPage = () => openApi({}, undefined, files);
const browser = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'Sec-Fetch-Site': 'none' };

test('serves the page to browsers and to programs that read anything', async () => {
  const api = await openPage();
  for (const headers of [browser, {}, { Accept: '*/*' }, { 'Sec-Fetch-Site': 'same-origin' }]) {
    const { status, headers: got, text } = await api.get('/', headers as Record<string, string>);
    expect([status, got.get('content-type'), text]).toEqual([
      200,
      'text/html; charset=utf-8',
      contents['index.html'],
    ]);
  }
  expect((await api.get('/?utm=1', browser)).text).toBe(contents['index.html']);
});

test('a program that reads only JSON gets the error that it always got', async () => {
  for (const pages of [files, []]) {
    const api = await openApi({}, undefined, pages);
    const { status, json, headers } = await api.get('/', { Accept: 'application/json' });
    expect([status, json['error']]).toEqual([404, 'not_found']);
    expect(headers.get('vary')).toContain('Accept');
  }
});

test('without a built page, a browser reads how to get it', async () => {
  const api = await openApi({}, undefined, []);
  const { status, headers, text } = await api.get('/', browser);
  expect([status, headers.get('content-type')]).toEqual([404, 'text/plain; charset=utf-8']);
  expect(text).toContain('npm run build');
  expect((await api.get('/')).json['problem']).toBe('no_page');
  expect((await api.get('/page/app-aB3_x-9Z.js')).status).toBe(404);
});

test('the page may load what we serve, run no other script, and be framed by nobody', async () => {
  const api = await openPage();
  const { headers } = await api.get('/', browser);
  const policy = new Map(
    (headers.get('content-security-policy') ?? '').split('; ').map((one) => {
      const [name = '', ...values] = one.split(' ');
      return [name, values.join(' ')];
    }),
  );
  expect(Object.fromEntries(policy)).toEqual({
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': "'self'",
    'connect-src': "'self'",
    'img-src': "'self' data:",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    'require-trusted-types-for': "'script'",
    'trusted-types': "'none'",
  });
  const all = ['/', '/page/app-aB3_x-9Z.js', '/page/icon-0123abcd.svg'];
  for (const path of all) {
    const { headers: got } = await api.get(path);
    expect(got.get('x-content-type-options')).toBe('nosniff');
    expect(got.get('referrer-policy')).toBe('no-referrer');
    expect(got.get('cross-origin-resource-policy')).toBe('same-origin');
    expect([...got.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  }
  expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(headers.get('permissions-policy')).toContain('camera=()');
  // An image of its own, opened as a document, runs nothing.
  expect((await api.get('/page/icon-0123abcd.svg')).headers.get('content-security-policy')).toContain(
    "default-src 'none'",
  );
});

test.each([
  ['/page/app-aB3_x-9Z.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
  ['/page/app-0123abcd.css', 'text/css; charset=utf-8', 'public, max-age=31536000, immutable'],
  ['/page/icon-0123abcd.svg', 'image/svg+xml; charset=utf-8', 'public, max-age=31536000, immutable'],
  ['/page/plain.js', 'text/javascript; charset=utf-8', 'no-cache'],
  ['/', 'text/html; charset=utf-8', 'no-cache'],
])('serves %s as %s, cached as %s', async (path, type, cached) => {
  const api = await openPage();
  const { status, headers, text } = await api.get(path);
  expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([200, type, cached]);
  expect(text).toBe(contents[(path === '/' ? 'index.html' : path.slice(1)) as keyof typeof contents]);
});

test.each([
  ['br', true],
  ['gzip, deflate, br, zstd', true],
  ['*', true],
  ['br;q=0.1', true],
  ['BR', true],
  ['identity;q=0.5, br;q=0.8', true],
  ['', false],
  ['gzip', false],
  ['br;q=0', false],
  ['br;q=0, *', false],
  ['*;q=0, gzip', false],
  ['br;q=0.3, identity;q=0.9', false],
  ['brotli', false],
  ['br;q=nonsense', false],
])('compressed for Accept-Encoding %j: %s', async (accepted, isCompressed) => {
  const api = await openPage();
  const response = await fetch(`http://${api.own}/page/app-aB3_x-9Z.js`, {
    headers: { 'accept-encoding': accepted === '' ? 'identity' : accepted },
  });
  expect(response.headers.get('content-encoding')).toBe(isCompressed ? 'br' : null);
  expect(response.headers.get('vary')).toContain('Accept-Encoding');
  expect(await response.text()).toBe(contents['page/app-aB3_x-9Z.js']);
  if (accepted === '')
    expect((await api.get('/page/app-aB3_x-9Z.js')).headers.has('content-encoding')).toBe(false);
});

test('each form of a file has a tag of its own, and a client that has it gets 304', async () => {
  const api = await openPage();
  for (const path of ['/', '/page/app-aB3_x-9Z.js']) {
    const plain = (await api.get(path)).headers.get('etag') ?? '';
    const brotli = (await api.get(path, { 'Accept-Encoding': 'br' })).headers.get('etag') ?? '';
    expect(plain).toMatch(/^"[\w-]{43}"$/);
    expect(brotli).toMatch(/^"[\w-]{43}"$/);
    expect(brotli).not.toBe(plain);
    for (const tags of [plain, `W/${plain}`, `"x", ${plain}`, '*', `${brotli},${plain}`]) {
      const { status, text, headers } = await api.get(path, { 'If-None-Match': tags });
      expect([tags, status, text, headers.get('etag')]).toEqual([tags, 304, '', plain]);
      expect(headers.get('vary')).toContain('Accept-Encoding');
      expect(headers.get('cache-control')).not.toBe('no-store');
    }
    for (const tags of [brotli, '"x"', plain.slice(1, -1), '']) {
      expect([tags, (await api.get(path, { 'If-None-Match': tags })).status]).toEqual([tags, 200]);
    }
  }
});

test('HEAD has the length and no body; a range is ignored; other methods are refused', async () => {
  const api = await openPage();
  for (const path of ['/', '/page/app-aB3_x-9Z.js']) {
    const whole = await api.get(path);
    const head = await api.raw([`HEAD ${path} HTTP/1.1`, `Host: ${api.own}`]);
    expect([head.status, head.text]).toEqual([200, '']);
    for (const name of ['content-length', 'etag', 'content-type', 'cache-control'])
      expect(head.headers.get(name)).toBe(whole.headers.get(name));
    const range = await api.get(path, { Range: 'bytes=0-3' });
    expect([range.status, range.text]).toEqual([200, whole.text]);
    expect((await api.remove(path)).json['error']).toBe('method_not_allowed');
    expect((await api.post(path, '{}')).json['error']).toBe('method_not_allowed');
  }
});

test.each([
  '/page/../../token',
  '/page/..%2f..%2ftoken',
  '/page/%2e%2e/%2e%2e/token',
  '/page/..\\..\\token',
  '/page//etc/passwd',
  '/page/',
  '/page',
  '/index.html',
  '/page/app-aB3_x-9Z.js/',
  '/page/app-aB3_x-9Z.js%00',
  '/page/app-aB3_x-9Z.js.br',
  '/page/APP-ab3_x-9z.js',
  '/page/%61pp-aB3_x-9Z.js',
  `/page/${'a'.repeat(4000)}.js`,
  '/page/__proto__',
  '/page/constructor',
])('%s leads to nothing', async (path) => {
  const api = await openPage();
  const { status, json } = await api.get(path);
  expect([status, json['error']]).toEqual([404, 'not_found']);
});

test('a page of another origin does not get the page or its files', async () => {
  const api = await openPage();
  for (const path of ['/', '/page/app-aB3_x-9Z.js'])
    for (const headers of [
      { Host: `evil.example:${api.port}` },
      { Origin: 'https://evil.example' },
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' },
      { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'no-cors' },
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' },
    ]) {
      const { status, text } = await api.get(path, headers as Record<string, string>);
      expect([status, text.includes('answer') || text.includes('doctype')]).toEqual([
        expect.toSatisfy((code: number) => code === 403 || code === 421),
        false,
      ]);
    }
});

test('a link or file of another site may lead to the page, and to nothing else', async () => {
  const api = await openPage();
  const visit = { ...browser, 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };
  const refused = async (path: string, headers: Record<string, string>) =>
    (await api.get(path, { ...visit, ...headers })).status >= 400;
  for (const site of ['cross-site', 'same-site', 'none']) {
    const { status, headers } = await api.get('/', { ...visit, 'Sec-Fetch-Site': site });
    expect([site, status, headers.get('cross-origin-opener-policy')]).toEqual([site, 200, 'same-origin']);
    for (const path of ['/status', '/healthz', '/page/session', '/page/app-aB3_x-9Z.js', '/peers?x=/'])
      if (site !== 'none')
        expect([path, await refused(path, { 'Sec-Fetch-Site': site })]).toEqual([path, true]);
  }
  for (const headers of [
    { 'Sec-Fetch-Dest': 'iframe' },
    { 'Sec-Fetch-Dest': 'embed' },
    { 'Sec-Fetch-Dest': '' },
    { 'Sec-Fetch-Mode': 'cors' },
    { 'Sec-Fetch-Mode': 'no-cors' },
    { Origin: 'null' },
    { Origin: 'https://evil.example' },
    { Host: `evil.example:${api.port}` },
  ])
    expect([headers, await refused('/', { 'Sec-Fetch-Site': 'cross-site', ...headers })]).toEqual([
      headers,
      true,
    ]);
  const lines = Object.entries({ Host: api.own, ...visit, 'Sec-Fetch-Site': 'cross-site' });
  for (const method of ['POST', 'HEAD', 'PUT'])
    expect((await api.raw([`${method} / HTTP/1.1`, ...lines.map((line) => line.join(': '))])).status).toBe(
      403,
    );
});

/** A folder as a build of the page leaves it. */
function builtPage(all: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-page-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'page'));
  for (const [name, text] of Object.entries(all)) {
    writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(text));
  }
  return folder;
}

test('reads a built page from its folder, or from the packed file', () => {
  const folder = builtPage(contents);
  const read = readPage(join(folder, 'page.json'), folder);
  expect(Object.fromEntries(read.map(({ name, body }) => [name, body.toString()]))).toEqual(contents);
  for (const { body, brotli } of read) expect(brotliDecompressSync(brotli).equals(body)).toBe(true);
  const packed = Object.fromEntries(read.map(({ name, brotli }) => [name, brotli.toString('base64')]));
  writeFileSync(join(folder, 'page.json'), JSON.stringify(packed));
  expect(readPage(join(folder, 'page.json'), '/nowhere')).toEqual(read);
});

test('reads nothing where there is no page, and refuses what is none', () => {
  expect(readPage('/nowhere/page.json', '/nowhere')).toEqual([]);
  expect(() => readPage('/nowhere', builtPage({ ...contents, 'page/run.exe': 'x' }))).toThrow('not expected');
  expect(() =>
    readPage('/nowhere', builtPage({ 'index.html': 'x'.repeat(pageLimits.totalBytes + 1) })),
  ).toThrow();
  const many = Array.from({ length: pageLimits.files }, (_, i) => [`page/a-0000000${i}.js`, '']);
  expect(() => readPage('/nowhere', builtPage({ 'index.html': '', ...Object.fromEntries(many) }))).toThrow(
    'more than',
  );
});
