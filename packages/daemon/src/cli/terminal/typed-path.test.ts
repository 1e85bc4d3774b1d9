import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { typedPath } from './typed-path.ts';

const underNpm = { npm_lifecycle_event: 'ocmesh', INIT_CWD: '/where/i/am' };

test('a file is meant from where the command was called, also through npm', () => {
  expect(typedPath('my.key', underNpm)).toBe('/where/i/am/my.key');
  expect(typedPath('my.key', {})).toBe(resolve('my.key'));
});

test('a whole path is that path', () => {
  expect(typedPath('/tmp/my.key', underNpm)).toBe('/tmp/my.key');
});

test('another script of npm that calls the command goes where it wants', () => {
  expect(typedPath('my.key', { ...underNpm, npm_lifecycle_event: 'nightly' })).toBe(resolve('my.key'));
});
