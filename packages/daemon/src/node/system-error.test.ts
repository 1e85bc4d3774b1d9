import { mkdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeSystemError } from './system-error.ts';

const failure = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};
const listenError = (code: string) =>
  Object.assign(new Error(code), { code, syscall: 'listen', address: '127.0.0.1', port: 80 });

test.each([
  [
    'a missing file',
    failure(() => readFileSync('/nonexistent')),
    '/nonexistent cannot be opened: it does not exist (ENOENT).',
  ],
  [
    'a path through a file',
    failure(() => mkdirSync('/etc/passwd/x')),
    '/etc/passwd/x cannot be created: a part of the path is not a folder (ENOTDIR).',
  ],
  [
    'a rename',
    Object.assign(new Error(''), { code: 'EROFS', syscall: 'rename', path: '/a', dest: '/b' }),
    '/a cannot be moved to /b: the file system is read-only (EROFS).',
  ],
  [
    'a write, which names no file',
    Object.assign(new Error(''), { code: 'EIO', syscall: 'fsync' }),
    'A file cannot be written: the disk reported an error (EIO).',
  ],
  [
    'an unknown code',
    Object.assign(new Error(''), { code: 'EXYZ', syscall: 'open', path: '/a' }),
    '/a cannot be opened: the operating system refused it (EXYZ).',
  ],
  [
    'a privileged port',
    listenError('EACCES'),
    'Port 80 of 127.0.0.1 cannot be used: ports below 1024 need special rights (EACCES).',
  ],
  [
    'no loopback',
    listenError('EADDRNOTAVAIL'),
    'Port 80 of 127.0.0.1 cannot be used: this machine or container has no address 127.0.0.1 (EADDRNOTAVAIL).',
  ],
])('says what was tried and why it failed: %s', (_, error, message) => {
  expect(describeSystemError(error)).toMatchObject({ message, nextStep: expect.stringMatching(/\.$/) });
});

test.each([
  new RangeError('WebAssembly.instantiate(): Out of memory: Cannot allocate Wasm memory for new instance'),
  new RangeError('Array buffer allocation failed'),
  new Error('Aborted(OOM)'),
  new Error('out of memory'),
  Object.assign(new Error('spawn ENOMEM'), { code: 'ENOMEM' }),
  Object.assign(new Error('Worker terminated'), { code: 'ERR_WORKER_OUT_OF_MEMORY' }),
])('recognizes a lack of memory: %s', (error) => {
  expect(describeSystemError(error)).toMatchObject({
    message: 'There is not enough memory.',
    isTemporary: true,
  });
});

test.each([new TypeError('x is not a function'), new Error('file is not a database'), null, 'text'])(
  'leaves other errors alone: %s',
  (error) => {
    expect(describeSystemError(error ?? new Error('none'))).toBeNull();
  },
);
