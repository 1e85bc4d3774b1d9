import { OcmeshError } from '@ocmesh/shared/contract';
import { aMessage, aPeer, aPeerAlone, aRelay } from '@ocmesh/testkit';
import type { Command } from 'commander';
import { describe, expect, it, test } from 'vitest';
import { openCommandLine, openCommandLineAt } from '../../test/support/command-line.ts';
import { createProgram } from './cli.ts';
import { processIo } from './terminal/io.ts';

const commandsOf = (command: Command): Command[] =>
  command.commands.flatMap((one) => [one, ...commandsOf(one)]).filter((one) => one.name() !== 'complete');

const pathOf = (command: Command): string[] =>
  command.parent ? [...pathOf(command.parent), command.name()] : [];

const commands = commandsOf(createProgram(processIo()).program);

test.each(commands.map(pathOf))(
  'the help of %s %s shows its usage, --json and an example',
  async (...path) => {
    const { out, code } = await openCommandLine().run([...path.filter(Boolean), '--help']);
    expect(out).toContain(`Usage: ocmesh ${path.filter(Boolean).join(' ')}`);
    expect(out).toContain('--json');
    expect(out).toMatch(/Example:\n {2}\$ (source <\()?ocmesh /);
    expect(code).toBe(0);
  },
);

describe('without a daemon', () => {
  it.each([
    ['status'],
    ['identity'],
    ['peers'],
    ['peers bob'],
    ['send bob hello'],
    ['open'],
    ['inbox'],
    ['read --all'],
    ['chat bob'],
    ['requests'],
    ['requests accept bob'],
    ['trust bob'],
    ['untrust bob'],
    ['block bob'],
    ['unblock bob'],
    ['alias bob friend'],
    ['resume bob'],
    ['policy'],
    ['profile'],
    ['profile --add weather'],
    ['relays'],
    ['relays add wss://one.example'],
    ['relays remove wss://one.example'],
  ])('`%s` says that it is not running and how to start it', async (line) => {
    const { run } = openCommandLine({ OCMESH_HOME: '/nonexistent' });
    expect(await run(line.split(' '))).toEqual({
      out: '',
      err: 'ocmesh: The ocmesh daemon of /nonexistent is not running.\nStart it with `ocmesh start`, then try again.\n',
      code: 75,
    });
  });

  it('reports the same as JSON with --json', async () => {
    const { run } = openCommandLine({ OCMESH_HOME: '/nonexistent' });
    const { out, err, code } = await run(['inbox', '--json']);
    expect([out, code]).toEqual(['', 75]);
    expect(JSON.parse(err)).toMatchObject({
      error: 'daemon_down',
      hint: expect.stringContaining('ocmesh start'),
    });
  });
});

test('errors of the daemon are explained in terms of commands', async () => {
  const { run } = await openCommandLineAt({
    async removeRelay() {
      throw new OcmeshError('relay_unknown');
    },
  });
  expect(await run(['relays', 'remove', 'wss://one.example'])).toEqual({
    out: '',
    err: 'ocmesh: This relay is not on the list.\n`ocmesh relays` shows the list.\n',
    code: 78,
  });
});

test('a mistyped command is refused with a suggestion', async () => {
  const { err, code } = await openCommandLine().run(['inbix']);
  expect(err).toContain('(Did you mean inbox?)');
  expect(code).toBe(78);
});

describe('an invalid command line', () => {
  it.each([
    ['staus --json', /unknown command 'staus' \(Did you mean status\?\)/],
    ['send bob --json', /missing required argument 'text'/],
    ['inbox -n many --json', /from 1 to 1000/],
    ['key --json', /export, import/],
    ['--json', /status, /],
  ])('is reported as JSON with --json: %s', async (line, expected) => {
    const { out, err, code } = await openCommandLine().run(line.split(' '));
    expect(JSON.parse(err)).toMatchObject({
      error: 'invalid_request',
      message: expect.stringMatching(expected),
      hint: expect.any(String),
    });
    expect([out, code]).toEqual(['', 78]);
  });

  it('is reported to a person with the next step', async () => {
    const { err } = await openCommandLine().run(['send', 'bob']);
    expect(err).toBe(
      "ocmesh: missing required argument 'text'\n`ocmesh help <command>` shows its arguments and options.\n",
    );
    expect((await openCommandLine().run(['key'])).err).toMatch(/^Usage: ocmesh key /);
  });
});

describe('help', () => {
  it('groups the commands by what they are for', async () => {
    const { out } = await openCommandLine().run(['help']);
    const headings = out.split('\n').filter((line) => /^[A-Z].*:$/.test(line));
    expect(headings).toEqual([
      'Options:',
      'Messages:',
      'Peers and trust:',
      'Relays:',
      'Daemon:',
      'Data:',
      'Help:',
    ]);
  });

  it('speaks of commands, never of REST calls', async () => {
    for (const path of [[], ...commands.map(pathOf)]) {
      const { out } = await openCommandLine().run([...path, '--help']);
      expect(out).not.toMatch(/\b(GET|POST|PATCH|DELETE) \//);
    }
  });

  it('shows the named command or subcommand', async () => {
    const { out, code } = await openCommandLine().run(['help', 'key', 'export']);
    expect([out, code]).toEqual([(await openCommandLine().run(['key', 'export', '--help'])).out, 0]);
    expect((await openCommandLine().run(['help'])).out).toBe((await openCommandLine().run(['--help'])).out);
  });

  it.each([
    ['help staus', 'There is no command staus. Did you mean status?'],
    ['help key exprot', 'There is no command key exprot. Did you mean key export?'],
    ['help nothing-like-it', 'There is no command nothing-like-it.'],
    ['help status more', 'There is no command status more.'],
  ])('refuses a command that does not exist: %s', async (line, expected) => {
    const { out, err, code } = await openCommandLine().run(line.split(' '));
    expect(err).toContain(expected);
    expect([out, code]).toEqual(['', 78]);
  });
});

describe('colours', () => {
  const shown = async (env: Record<string, string>, columns?: number): Promise<string> => {
    const { run } = await openCommandLineAt({
      listPeers: async () => ({ items: [aPeer()], next_cursor: null }),
    });
    return (await run(['peers'], { env, ...(columns === undefined ? {} : { columns }) })).out;
  };
  const isColoured = expect.stringContaining('\u001b[');

  it('are used on terminals', async () => {
    expect(await shown({}, 80)).toEqual(isColoured);
    expect(await shown({})).not.toEqual(isColoured);
  });
  it('are not used with NO_COLOR or TERM=dumb', async () => {
    expect(await shown({ NO_COLOR: '1' }, 80)).not.toEqual(isColoured);
    expect(await shown({ TERM: 'dumb' }, 80)).not.toEqual(isColoured);
  });
});

test.each([
  ['version', /^\d+\.\d+\.\d+\n$/, 'version'],
  ['identity', /npub1alice/, 'npub'],
  ['peers bob', /^reachable {5}It is online/m, 'reachability'],
  ['relays', /wss:\/\/one\.example {2}connected {2}yes {4}yes {7}yes {7}42 ms/, '0.url'],
  ['inbox', /feed0001 {2}.* bob .* hello/, '0.content'],
  ['policy', /strangers {6}ask/, 'first_contact'],
])('`%s` prints text, and JSON with --json', async (line, text, field) => {
  const { run } = await openCommandLineAt({
    getIdentity: async () => ({ pubkey: 'a'.repeat(64), npub: 'npub1alice', name: 'alice', features: [] }),
    listPeers: async () => ({ items: [aPeer()], next_cursor: null }),
    getPeer: async () => aPeerAlone(),
    listRelays: async () => [aRelay()],
    listMessages: async () => ({ items: [aMessage()], next_cursor: null }),
    getPolicy: async () => ({ strangers: 'ask', first_contact: 'allow', mcp_may_trust: false }),
  });
  const args = line.split(' ');
  expect((await run(args)).out).toMatch(text);
  expect(JSON.parse((await run([...args, '--json'])).out)).toHaveProperty(field);
});

test('a relay is added and removed by its address', async () => {
  const { run, calls } = await openCommandLineAt({
    addRelay: async () => aRelay(),
    removeRelay: async () => [],
  });
  expect((await run(['relays', 'add', 'wss://one.example'])).out).toContain('Added wss://one.example');
  expect((await run(['relays', 'remove', 'wss://one.example'])).out).toContain('No relays');
  expect(calls).toEqual([
    ['addRelay', { url: 'wss://one.example' }],
    ['removeRelay', { url: 'wss://one.example' }],
  ]);
});

test('a policy rule takes only its allowed values', async () => {
  const { run, calls } = await openCommandLineAt({
    setPolicy: async () => ({ strangers: 'open', first_contact: 'ask', mcp_may_trust: true }),
  });
  expect((await run(['policy', 'mcp_may_trust', 'true'])).out).toContain('models may add contacts');
  expect(await run(['policy', 'strangers', 'maybe'])).toMatchObject({ code: 78 });
  expect(calls).toEqual([['setPolicy', { mcp_may_trust: true }]]);
});
