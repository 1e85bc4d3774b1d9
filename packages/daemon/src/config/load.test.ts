import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testAuthority } from '@ocmesh/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { refusal } from '../../test/support/refusal.ts';
import { exitCodes } from '../adapters/system/exit.ts';
import { loadConfig, renameNotice } from './load.ts';
import { defaults } from './schema.ts';

function configFile(content?: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'config.json');
  if (content !== undefined)
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** Makes a file with a certificate. */
function authorityFile(text: string = testAuthority): string {
  const path = join(configFile(), '../ca.pem');
  writeFileSync(path, text);
  return path;
}

test('uses the defaults if nothing is configured', () => {
  const { values, origins } = loadConfig(configFile(), {}, {});
  expect(values).toMatchObject({
    port: 7432,
    api_auth: 'none',
    name: null,
    relays: defaults.relays,
    presence_kinds: [1, 31337],
    announce_interval_s: 300,
    scan_interval_s: 120,
    online_window_s: 900,
    log_level: 'info',
  });
  expect(new Set(Object.values(origins))).toEqual(new Set(['default']));
});

test('flags override the environment, which overrides the file, which overrides the defaults; each value has its origin', () => {
  const path = configFile({ port: 1, name: 'file', log_level: 'warn', scan_interval_s: 5 });
  const env = { OCMESH_PORT: '2', OCMESH_NAME: 'env' };
  const { values, origins } = loadConfig(path, env, { port: 3 });
  expect(values).toMatchObject({
    port: 3,
    name: 'env',
    log_level: 'warn',
    scan_interval_s: 5,
    online_window_s: 900,
  });
  expect(origins).toMatchObject({
    port: '--port',
    name: 'OCMESH_NAME',
    log_level: path,
    scan_interval_s: path,
    online_window_s: 'default',
  });
});

test('reads every variable', () => {
  const { values } = loadConfig(
    configFile(),
    {
      OCMESH_PORT: '0',
      OCMESH_API_AUTH: 'token',
      OCMESH_NAME: 'n',
      OCMESH_RELAYS: ' wss://a.test , ,ws://127.0.0.1:1 ',
      OCMESH_ANNOUNCE_INTERVAL_S: '1',
      OCMESH_SCAN_INTERVAL_S: '2',
      OCMESH_DISCOVERY_BUDGET_MB_PER_DAY: '3',
      OCMESH_ONLINE_WINDOW_S: '3',
      OCMESH_PROXY: 'socks5://127.0.0.1:9050',
      OCMESH_NO_PROXY: 'a.test, 10.0.0.0/8',
      OCMESH_CA_FILE: authorityFile(),
      OCMESH_LOG_LEVEL: 'DEBUG',
    },
    {},
  );
  expect(values).toEqual({
    port: 0,
    api_auth: 'token',
    name: 'n',
    about: null,
    capabilities: [],
    relays: ['wss://a.test', 'ws://127.0.0.1:1'],
    proxy: 'socks5://127.0.0.1:9050',
    no_proxy: ['a.test', '10.0.0.0/8'],
    ca_file: expect.stringMatching(/ca.pem$/),
    presence_kinds: [1, 31337],
    announce_interval_s: 1,
    scan_interval_s: 2,
    discovery_budget_mb_per_day: 3,
    online_window_s: 3,
    strangers: 'open',
    first_contact: 'allow',
    mcp_may_trust: false,
    log_level: 'debug',
  });
});

test('ignores an empty variable and a flag that was not given', () => {
  const { values } = loadConfig(configFile({ port: 5 }), { OCMESH_PORT: '' }, { port: undefined });
  expect(values.port).toBe(5);
});

test('normalizes relay addresses and drops duplicates', () => {
  const relays = [
    'WSS://A.Test/',
    'wSs://a.test',
    'wss://a.test:443',
    'wss://a.test/inbox',
    'wss://a.test/?x=1',
    'wss://a.test/#x',
  ];
  expect(loadConfig(configFile(), {}, { relays }).values.relays).toEqual([
    'wss://a.test',
    'wss://a.test/inbox',
    'wss://a.test/?x=1',
  ]);
});

test.each([
  ['an unknown field', { prot: 1 }, 'prot'],
  ['a port of letters', { port: '7432' }, 'port'],
  ['a port too high', { port: 65_536 }, 'port'],
  ['no interval', { scan_interval_s: 0 }, 'scan_interval_s'],
  ['no budget', { discovery_budget_mb_per_day: 0 }, 'discovery_budget_mb_per_day'],
  ['an unknown way in', { api_auth: 'password' }, 'api_auth'],
  ['an empty name', { name: '' }, 'name'],
  ['a name too long', { name: 'x'.repeat(65) }, 'name'],
  ['an invalid relay', { relays: ['https://a.test'] }, 'relays'],
  ['an unknown presence kind', { presence_kinds: [2] }, 'presence_kinds'],
  ['an unknown level', { log_level: 'loud' }, 'log_level'],
])('a file with %s is refused, naming file and field', (_, content, field) => {
  const path = configFile(content);
  const { exitCode, message } = refusal(() => loadConfig(path, {}, {}));
  expect(exitCode).toBe(exitCodes.permanent);
  expect(message).toContain(path);
  expect(message).toContain(field);
});

test.each([
  [{ nmae: 'x' }, 'nmae is unknown (did you mean name?)'],
  [{ port: '7432' }, 'port must be a whole number'],
  [{ port: 65_536 }, 'port must be at most 65535'],
  [{ log_level: 'loud' }, 'log_level must be one of debug, info, warn, error'],
  [{ mcp_may_trust: 'yes' }, 'mcp_may_trust must be true or false'],
])('a file with %j is refused in plain words', (content, said) => {
  expect(refusal(() => loadConfig(configFile(content), {}, {})).message).toContain(said);
});

test.each(['', '[]', 'null', '{', '"x"'])('a file that reads %j is refused', (text) => {
  const path = configFile(text);
  expect(refusal(() => loadConfig(path, {}, {})).message).toContain(path);
});

test('a file that cannot be read is refused', () => {
  const folder = join(configFile(), '..');
  expect(refusal(() => loadConfig(folder, {}, {})).exitCode).toBe(exitCodes.permanent);
});

test.each([
  ['OCMESH_PORT', 'many'],
  ['OCMESH_PORT', '-1'],
  ['OCMESH_PORT', '1.5'],
  ['OCMESH_PORT', ' '],
  ['OCMESH_PORT', '1e99'],
  ['OCMESH_SCAN_INTERVAL_S', 'Infinity'],
  ['OCMESH_RELAYS', 'nos.lol'],
  ['OCMESH_RELAYS', 'wss://'],
  ['OCMESH_RELAYS', 'wss://user:secret@a.test'],
  ['OCMESH_LOG_LEVEL', 'loud'],
])('%s=%s is refused, naming the variable', (variable, text) => {
  const { exitCode, message } = refusal(() => loadConfig(configFile(), { [variable]: text }, {}));
  expect(exitCode).toBe(exitCodes.permanent);
  expect(message).toContain(variable);
  expect(message).not.toContain('secret');
});

test('a bad flag is refused, naming the flag', () => {
  expect(refusal(() => loadConfig(configFile(), {}, { relays: ['x'] })).message).toMatch(/--relay /);
  expect(refusal(() => loadConfig(configFile(), {}, { port: Number.NaN })).message).toContain('--port');
  expect(refusal(() => loadConfig(configFile(), {}, { log_level: 'x' })).message).toContain('--log-level');
});

describe('a field with its former name', () => {
  test('is read, and reported', () => {
    const path = configFile({ inbox_strangers: 'closed', outbound_first_contact: 'ask' });
    const { values, origins, renamed } = loadConfig(path, {}, {});
    expect(values).toMatchObject({ strangers: 'closed', first_contact: 'ask' });
    expect(origins).toMatchObject({ strangers: path, first_contact: path });
    expect(renamed.map(renameNotice)).toEqual([
      'config.json: inbox_strangers is now called strangers; the old name still works, but please rename it',
      'config.json: outbound_first_contact is now called first_contact; the old name still works, but please rename it',
    ]);
  });

  test('is not reported where it is not used', () => {
    expect(loadConfig(configFile({ strangers: 'ask' }), {}, {}).renamed).toEqual([]);
  });

  test('may be there twice with one value', () => {
    const { values, renamed } = loadConfig(configFile({ inbox_strangers: 'ask', strangers: 'ask' }), {}, {});
    expect(values.strangers).toBe('ask');
    expect(renamed).toEqual([{ former: 'inbox_strangers', name: 'strangers' }]);
  });

  test('is refused when the two values differ, naming both', () => {
    const path = configFile({ strangers: 'open', inbox_strangers: 'ask' });
    const { exitCode, message } = refusal(() => loadConfig(path, {}, {}));
    expect(exitCode).toBe(exitCodes.permanent);
    expect(message).toBe(
      `The configuration in ${path} is wrong: inbox_strangers is the former name of strangers, and the two have different values. Correct or remove it.`,
    );
  });

  test('has its bad value reported under the name that the file uses', () => {
    const { message } = refusal(() => loadConfig(configFile({ inbox_strangers: 'opne' }), {}, {}));
    expect(message).toContain('is wrong: inbox_strangers must be one of open, ask, closed.');
  });
});

const shownProxy = (env: Record<string, string>, file?: unknown) => {
  const { outbound } = loadConfig(configFile(file), env, {});
  return [outbound.proxy?.shown ?? null, outbound.proxyFrom];
};

describe('the proxy', () => {
  const HTTP = 'http://proxy.test:3128';

  test.each([
    [
      'the setting',
      { OCMESH_PROXY: 'socks5://own.test', HTTPS_PROXY: HTTP },
      'socks5h://own.test:1080',
      'OCMESH_PROXY',
    ],
    ['https_proxy', { https_proxy: HTTP, HTTPS_PROXY: 'http://x.test' }, HTTP, 'https_proxy'],
    ['HTTPS_PROXY', { HTTPS_PROXY: HTTP, all_proxy: 'http://x.test' }, HTTP, 'HTTPS_PROXY'],
    ['HTTPS_PROXY without a protocol', { HTTPS_PROXY: 'user:pw@proxy.test:3128' }, HTTP, 'HTTPS_PROXY'],
    ['all_proxy', { https_proxy: '', all_proxy: 'socks://x.test/' }, 'socks5h://x.test:1080', 'all_proxy'],
    ['ALL_PROXY', { ALL_PROXY: 'socks5://x.test:9' }, 'socks5h://x.test:9', 'ALL_PROXY'],
  ])('is that of %s', (_, env, shown, from) => {
    expect(shownProxy(env)).toEqual([shown, from]);
  });

  test.each([
    ['none', { OCMESH_PROXY: 'NONE', HTTPS_PROXY: HTTP }],
    ['no variable', {}],
    ['only HTTP_PROXY, which is for http: pages', { HTTP_PROXY: HTTP, http_proxy: HTTP }],
    ['NO_PROXY=*', { HTTPS_PROXY: HTTP, NO_PROXY: '*' }],
    ['OCMESH_NO_PROXY=*', { OCMESH_PROXY: HTTP, OCMESH_NO_PROXY: '*' }],
  ])('is none with %s', (_, env) => {
    expect(shownProxy(env)).toEqual([null, null]);
  });

  test('of the file overrides the variables of the system, and none in it switches them off', () => {
    const path = expect.stringMatching(/config\.json$/);
    expect(shownProxy({ HTTPS_PROXY: HTTP }, { proxy: 'https://x.test' })).toEqual([
      'https://x.test:443',
      path,
    ]);
    expect(shownProxy({ HTTPS_PROXY: HTTP }, { proxy: 'none' })).toEqual([null, null]);
    expect(shownProxy({ HTTPS_PROXY: HTTP }, { proxy: null })).toEqual([HTTP, 'HTTPS_PROXY']);
  });

  test('of the system comes with NO_PROXY, that of the setting only with no_proxy', () => {
    const exempt = (env: Record<string, string>) => loadConfig(configFile(), env, {}).outbound.isExempt;
    expect(exempt({ HTTPS_PROXY: HTTP, no_proxy: 'a.test b.test' })('b.test', 443)).toBe(true);
    expect(exempt({ HTTPS_PROXY: HTTP, NO_PROXY: 'a.test' })('b.test', 443)).toBe(false);
    expect(exempt({ OCMESH_PROXY: HTTP, NO_PROXY: 'a.test' })('a.test', 443)).toBe(false);
    expect(exempt({ OCMESH_PROXY: HTTP, OCMESH_NO_PROXY: 'a.test' })('a.test', 443)).toBe(true);
  });

  test.each([
    [{ OCMESH_PROXY: 'ftp://user:secret@x.test' }, 'OCMESH_PROXY'],
    [{ OCMESH_PROXY: 'proxy.test:3128' }, 'OCMESH_PROXY'],
    [{ HTTPS_PROXY: 'socks4://user:secret@x.test' }, 'HTTPS_PROXY'],
    [{ all_proxy: 'http://user:secret@x.test/path' }, 'all_proxy'],
  ])('%j is refused, naming the variable and never a password', (env, name) => {
    const { exitCode, message } = refusal(() => loadConfig(configFile(), env, {}));
    expect(exitCode).toBe(exitCodes.permanent);
    expect(message).toContain(`The configuration in ${name} is wrong: `);
    expect(message).not.toContain('secret');
  });
});

describe('ca_file', () => {
  const authorities = (ca_file: string) => loadConfig(configFile({ ca_file }), {}, {}).outbound.authorities;

  test('is read, with everything in it that is not a certificate left out', () => {
    const file = authorityFile(
      `# Our authorities\n${testAuthority}\n${testAuthority}-----BEGIN PUBLIC KEY-----\n`,
    );
    expect(authorities(file)).toHaveLength(2);
  });

  test('may be relative to the folder of config.json', () => {
    const path = configFile({ ca_file: 'ca.pem' });
    writeFileSync(join(path, '../ca.pem'), testAuthority);
    expect(loadConfig(path, {}, {}).outbound.authorities).toHaveLength(1);
  });

  test.each([
    ['that does not exist', () => '/no/such/ca.pem', 'it does not exist'],
    ['that is a folder', () => tmpdir(), 'it is a folder'],
    ['without a certificate', () => authorityFile('hello'), 'holds no PEM certificate'],
    ['with a broken one', () => authorityFile(testAuthority.replace(/M[^\n]*/, 'AAAA')), 'cannot be read'],
    ['of another user', () => '~bob/ca.pem', 'only a shell would expand'],
  ])('%s is refused, naming file and reason', (_, file, reason) => {
    const path = configFile({ ca_file: file() });
    const { exitCode, message } = refusal(() => loadConfig(path, {}, {}));
    expect(exitCode).toBe(exitCodes.permanent);
    expect(message).toContain(`The configuration in ${path} is wrong: ca_file`);
    expect(message).toContain(reason);
  });
});
