import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { resolvePathArgument } from './path-argument.ts';

const underNpm = { npm_lifecycle_event: 'ocmesh', INIT_CWD: '/where/i/am' };

test('a path is relative to where the command was called, also through npm', () => {
  expect(resolvePathArgument({ env: underNpm }, 'my.key')).toBe('/where/i/am/my.key');
  expect(resolvePathArgument({ env: {} }, 'my.key')).toBe(resolve('my.key'));
});

test('an absolute path stays as it is', () => {
  expect(resolvePathArgument({ env: underNpm }, '/tmp/my.key')).toBe('/tmp/my.key');
});

test('a path from another npm script is relative to the working directory', () => {
  expect(resolvePathArgument({ env: { ...underNpm, npm_lifecycle_event: 'nightly' } }, 'my.key')).toBe(
    resolve('my.key'),
  );
});
