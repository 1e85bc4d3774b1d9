import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
      OCMESH_ONLINE_WINDOW_S: '3',
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
    presence_kinds: [1, 31337],
    announce_interval_s: 1,
    scan_interval_s: 2,
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
