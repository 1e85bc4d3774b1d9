import { describe, expect, it } from 'vitest';
import { type Check, fail, ok, skipped, warn } from './check.ts';
import { runChecks } from './run-checks.ts';

const check = (id: string, run: Check['run'], needs?: string[]): Check => ({
  id,
  what: `the ${id}`,
  why: 'because',
  run,
  ...(needs ? { needs } : {}),
});

const statesOf = async (checks: readonly Check[]) =>
  (await runChecks(checks)).map(({ check: { id }, finding }) => `${id} ${finding.state}`);

describe(runChecks, () => {
  it('skips a check that depends on a failed one, and says on which', async () => {
    const never = (): never => {
      throw new Error('it was run');
    };
    const all = await runChecks([
      check('key', () => fail('missing', 'put it back')),
      check('store', never, ['key']),
      check('relays', never, ['config', 'store']),
      check('disk', () => ok('much')),
    ]);
    expect(all.map(({ finding }) => finding)).toMatchObject([
      { state: 'fail' },
      { state: 'skipped', found: 'Skipped: depends on the key.' },
      { state: 'skipped', found: 'Skipped: depends on the store.' },
      { state: 'ok' },
    ]);
  });

  it('runs checks that depend on a warning or on a check that did not apply', async () => {
    const checks = [
      check('key', () => warn('old', 'renew it')),
      check('store', () => skipped('none yet'), ['key']),
      check('relays', () => ok('three'), ['store']),
    ];
    expect(await statesOf(checks)).toEqual(['key warn', 'store skipped', 'relays ok']);
  });

  it('reports an exception of a check as a failure, and continues', async () => {
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

  it('reports each finding of a check at once', async () => {
    const reported: string[] = [];
    const checks = [
      check('relays', () => [ok('one'), warn('two', 'wait')]),
      check('last', () => ok(reported.join())),
    ];
    const all = await runChecks(checks, ({ finding }) => reported.push(finding.found));
    expect(all.at(-1)?.finding.found).toBe('one,two');
  });
});
