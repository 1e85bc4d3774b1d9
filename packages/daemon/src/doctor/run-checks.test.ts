import { describe, expect, it } from 'vitest';
import { type Check, fail, ok, skipped, warn } from './check.ts';
import { runChecks } from './run-checks.ts';

const check = (id: string, look: Check['run'], needs?: string[]): Check => ({
  id,
  what: `the ${id}`,
  why: 'because',
  run: look,
  ...(needs ? { needs } : {}),
});

const statesOf = async (checks: readonly Check[]) =>
  (await runChecks(checks)).map(({ check: { id }, finding }) => `${id} ${finding.state}`);

describe(runChecks, () => {
  it('leaves out what cannot be examined before another is mended, and says what comes first', async () => {
    const never = (): never => {
      throw new Error('it was looked at');
    };
    const all = await runChecks([
      check('key', () => fail('missing', 'put it back')),
      check('store', never, ['key']),
      check('relays', never, ['config', 'store']),
      check('disk', () => ok('much')),
    ]);
    expect(all.map(({ finding }) => finding)).toMatchObject([
      { state: 'fail' },
      { state: 'skipped', found: 'Not examined: the key comes first.' },
      { state: 'skipped', found: 'Not examined: the store comes first.' },
      { state: 'ok' },
    ]);
  });

  it('goes on from what was only warned about, and from what was not there to be looked at', async () => {
    const checks = [
      check('key', () => warn('old', 'renew it')),
      check('store', () => skipped('none yet'), ['key']),
      check('relays', () => ok('three'), ['store']),
    ];
    expect(await statesOf(checks)).toEqual(['key warn', 'store skipped', 'relays ok']);
  });

  it('takes what a check stumbles over for a fault of its subject, and goes on', async () => {
    const checks = [
      check('disk', async () => {
        throw new Error('EIO: i/o error');
      }),
      check('clock', () => ok('right')),
    ];
    const all = await runChecks(checks);
    expect(all[0]?.finding).toMatchObject({ state: 'fail', found: expect.stringContaining('EIO') });
    expect(all[1]?.finding.state).toBe('ok');
  });

  it('tells each finding of a check that looks at several things, as soon as it is there', async () => {
    const told: string[] = [];
    const checks = [
      check('relays', () => [ok('one'), warn('two', 'wait')]),
      check('last', () => ok(told.join())),
    ];
    const all = await runChecks(checks, ({ finding }) => told.push(finding.found));
    expect(all.at(-1)?.finding.found).toBe('one,two');
  });
});
