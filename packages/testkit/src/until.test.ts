import { expect, onTestFinished, test } from 'vitest';
import { until, watchProgram } from './until.ts';

/** Far shorter than a real wait, and longer than two checks for progress. */
const quietMs = 2_500;

test('returns what is found, at once or later', async () => {
  expect(await until(() => 'here')).toBe('here');
  let looks = 0;
  expect(await until(async () => ++looks > 3 && looks)).toBe(4);
});

test('passes on an error of `look`', async () => {
  await expect(until(() => Promise.reject(new Error('the daemon is gone')))).rejects.toThrow('is gone');
});

test('gives up when nothing moves, and says what was last seen', async () => {
  onTestFinished(watchProgram({ name: 'alice', output: () => 'one\ntwo\nthree\nfour\n' }));
  const error: Error = await until(() => false, { moves: () => ({ arrived: 3 }), quietMs }).catch(
    (error) => error,
  );
  expect(error.message).toMatch(/^waited \d+ s, the last \d+ s without progress\n/);
  expect(error.message).toContain('{"arrived":3}');
  expect(error.message).toContain('alice: two\n  three\n  four');
  expect(error.message).not.toContain('one');
});

test('goes on while a counter or the output of a program moves', async () => {
  const startMs = performance.now();
  let arrived = 0;
  const late = () => performance.now() - startMs > 2 * quietMs;
  await until(() => late(), { moves: () => ++arrived, quietMs });
  let output = '';
  const secondMs = performance.now();
  onTestFinished(watchProgram({ name: 'alice', output: () => output }));
  await until(
    () => {
      output += '.';
      return performance.now() - secondMs > 2 * quietMs;
    },
    { quietMs },
  );
});

test('gives up after maxMs, whatever moves', async () => {
  let arrived = 0;
  const waiting = until(() => false, { moves: () => ++arrived, quietMs, maxMs: 3_000 });
  await expect(waiting).rejects.toThrow(/^waited [3-9]/);
});
