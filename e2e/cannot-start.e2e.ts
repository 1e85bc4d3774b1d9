import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generateSecretKey, nip19 } from 'nostr-tools';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ocmeshProgram } from './support/programs.ts';

const run = promisify(execFile);
/** A user without entry in the user database, as containers have. */
const NOBODY = 54_321;
const asNobody = ['setpriv', '--reuid', `${NOBODY}`, '--clear-groups', '--bounding-set', '-all'];
const mayChangeUser = spawnSync('setpriv', [...asNobody.slice(1), 'true']).status === 0;

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "ocmesh can't "));
  chmodSync(place, 0o755);
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
});

interface Options {
  readonly env?: Readonly<Record<string, string>>;
  /** Program, with arguments, that runs the command. */
  readonly under?: readonly string[];
}

/** Runs `ocmesh` in an empty environment. */
async function ocmesh(args: readonly string[], { env = {}, under = [] }: Options = {}) {
  const [file = '', ...rest] = [...under, process.execPath, ocmeshProgram, ...args];
  const ended = run(file, rest, {
    cwd: place,
    env: { PATH: process.env['PATH'], OCMESH_PORT: '0', OCMESH_RELAYS: 'ws://127.0.0.1:9', ...env },
  });
  const { code = 0, stdout, stderr } = await ended.catch((error) => error);
  return { code, stdout, stderr };
}

/** Starts a daemon, and kills it when it is up. */
async function startUntilUp({ env = {}, under = [] }: Options): Promise<{ isUp: boolean; stderr: string }> {
  const [file = '', ...rest] = [...under, process.execPath, ocmeshProgram, 'start'];
  const child = spawn(file, rest, {
    cwd: place,
    env: { PATH: process.env['PATH'], OCMESH_PORT: '0', OCMESH_RELAYS: 'ws://127.0.0.1:9', ...env },
  });
  let [isUp, stderr] = [false, ''];
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  child.stdout.on('data', () => {
    isUp = true;
    child.kill('SIGKILL');
  });
  await once(child, 'close');
  return { isUp, stderr };
}

/** Expects one sentence or two for people, and nothing from a programmer's world. */
async function expectRefusal(why: RegExp, code: number, options: Options, args = ['start']): Promise<void> {
  const ended = await ocmesh(args, options);
  expect(ended).toMatchObject({ code, stderr: expect.stringMatching(why) });
  expect(ended.stderr).not.toMatch(/\n {4}at |node:internal|[A-Z]+: [a-z ]+, [a-z]+ '/);
}

describe.runIf(mayChangeUser)('a user without home directory (root only, for setpriv)', () => {
  it('gets help, and is told to name a folder for everything else', async () => {
    expect(await ocmesh(['help'], { under: asNobody })).toMatchObject({ code: 0, stderr: '' });
    expect(await ocmesh(['status', '--help'], { under: asNobody })).toMatchObject({ code: 0 });
    for (const command of ['start', 'logs', 'doctor'])
      await expectRefusal(/HOME is not set.*\nSet OCMESH_HOME to an absolute path/, 78, { under: asNobody }, [
        command,
      ]);
    await expectRefusal(/HOME is not set.*\nSet OCMESH_HOME to an absolute path/, 75, { under: asNobody }, [
      'status',
    ]);
  });

  it('can check a home that it names', async () => {
    const { stdout } = await ocmesh(['doctor', '--json'], {
      under: asNobody,
      env: { OCMESH_HOME: join(place, 'home') },
    });
    expect(JSON.parse(stdout).checks.length).toBeGreaterThan(10);
  });
});

describe('a folder that is not what was meant', () => {
  it.each([
    [{ OCMESH_HOME: '$HOME/x', HOME: '/' }, /OCMESH_HOME is "\$HOME\/x", which only a shell would expand/],
    [{ HOME: 'relative' }, /HOME is "relative", which is not an absolute path/],
  ])('%o is refused and creates nothing', async (env, why) => {
    await expectRefusal(why, 78, { env });
    expect(readdirSync(place)).toEqual([]);
  });

  it('~ is the home directory, for every command', async () => {
    const env = { HOME: place, OCMESH_HOME: '~/agent' };
    expect((await ocmesh(['status'], { env })).stderr).toContain(
      `The ocmesh daemon of ${place}/agent is not running`,
    );
    expect((await ocmesh(['logs'], { env })).stderr).toContain(`There is no log in ${place}/agent yet`);
  });
});

describe('a start that the system does not allow', () => {
  it.each([
    [
      'a path through a file',
      '/etc/passwd/x',
      /\/etc\/passwd\/x cannot be created: a part of the path is not a folder/,
    ],
    ['a file', '/etc/passwd', /\/etc\/passwd is not a folder. Set OCMESH_HOME to one/],
    ['a place without folders', '/proc/x/home', /\/proc\/x cannot be created: /],
  ])('names %s', (_, home, why) => expectRefusal(why, 78, { env: { OCMESH_HOME: home } }));

  it.runIf(mayChangeUser)(
    'names what belongs to another user, in commands that a shell understands',
    async () => {
      mkdirSync(join(place, 'home'), { mode: 0o700 });
      writeFileSync(join(place, 'home/config.json'), '{}');
      const env = { OCMESH_HOME: join(place, 'home') };
      await expectRefusal(/config.json cannot be opened: this user may not do that/, 78, {
        under: asNobody,
        env,
      });
      chmodSync(join(place, 'home'), 0o755);
      const quoted = `'${place.replace("'", "'\\''")}/home'`;
      const { stderr } = await ocmesh(['start'], { under: asNobody, env });
      expect(stderr).toContain(`sudo chown -R "$(id -u)" ${quoted}`);
    },
  );

  it.runIf(mayChangeUser)('names a port that needs special rights', async () => {
    mkdirSync(join(place, 'home'));
    chownSync(join(place, 'home'), NOBODY, NOBODY);
    const env = { OCMESH_HOME: join(place, 'home'), OCMESH_PORT: '80' };
    const why = /Port 80 of 127.0.0.1 cannot be used: ports below 1024 need special rights.*Set OCMESH_PORT/;
    await expectRefusal(why, 78, { under: asNobody, env });
  });
});

describe.runIf(process.platform === 'linux')('a healthy home on a machine that is short of something', () => {
  const limited = (limit: string): string[] => ['sh', '-c', `ulimit ${limit} && exec "$@"`, 'sh'];

  it('is never called damaged', async () => {
    const env = { OCMESH_HOME: join(place, 'home') };
    writeFileSync(join(place, 'key'), nip19.nsecEncode(generateSecretKey()));
    await ocmesh(['key', 'import', 'key'], { env });
    const tooLittle = { env, under: limited('-v 4000000') };
    await expectRefusal(/^ocmesh: There is not enough memory. Free some, .*`ulimit -v`.*\n$/, 75, tooLittle);
    await expectRefusal(/^ocmesh: There is not enough memory. .*\n$/, 75, tooLittle, [
      'key',
      'export',
      'out',
    ]);
    const { stdout } = await ocmesh(['doctor', '--json'], tooLittle);
    const store = JSON.parse(stdout).checks.find(({ id }: { id: string }) => id === 'store');
    expect(store).toMatchObject({ state: 'fail', found: expect.stringContaining('not enough memory') });
    expect(store.next_step).not.toMatch(/reset|restore/);
  });

  it('is never called damaged because a file cannot be opened now, whichever it is', async () => {
    const env = { OCMESH_HOME: join(place, 'home') };
    writeFileSync(join(place, 'key'), nip19.nsecEncode(generateSecretKey()));
    await ocmesh(['key', 'import', 'key'], { env });
    const refusals: string[] = [];
    for (let files = 30; files >= 18; files--) {
      const { isUp, stderr } = await startUntilUp({ env, under: limited(`-n ${files}`) });
      // With too few for Node itself, nothing of ours runs.
      if (!isUp && stderr.startsWith('ocmesh:')) refusals.push(stderr);
    }
    expect(refusals.length).toBeGreaterThan(1);
    for (const refusal of refusals) expect(refusal).toMatch(/too many open files.*`ulimit -n 1024`/);
  });
});
