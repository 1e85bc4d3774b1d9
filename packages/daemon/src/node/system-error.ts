import { errnoOf } from './errno.ts';

/** A failed call of the operating system in words. */
export interface SystemFault {
  /** What was tried and why it failed, as a sentence. */
  readonly message: string;
  readonly nextStep: string;
  /** Whether it may work later although nobody changes anything here. */
  readonly isTemporary: boolean;
}

/** Returns what a system error means; null for any other error. Running out of memory counts as one, wherever it shows. */
export function describeSystemError(error: unknown): SystemFault | null {
  if (isOutOfMemory(error)) {
    return {
      message: 'There is not enough memory.',
      nextStep:
        'Free some, or raise the limit of this process: `ulimit -v`, or the memory limit of its container.',
      isTemporary: true,
    };
  }
  const { syscall, code } = error as NodeJS.ErrnoException;
  if (!syscall || !code) return null;
  const { why, nextStep, isTemporary = false } = causes[code] ?? unknownCause;
  if (syscall === 'listen') return describeListen(error as ListenError, isTemporary);
  return { message: `${attemptOf(error as FileError)}: ${why} (${code}).`, nextStep, isTemporary };
}

interface FileError extends NodeJS.ErrnoException {
  readonly dest?: string;
}
interface ListenError extends NodeJS.ErrnoException {
  readonly address?: string;
  readonly port?: number;
}
interface Cause {
  readonly why: string;
  readonly nextStep: string;
  readonly isTemporary?: true;
}

const otherFolder = 'set OCMESH_HOME to a folder of your own';
const permission: Cause = {
  why: 'this user may not do that',
  nextStep: `Run \`ls -ld\` on it and on the folders above to see whose it is. Change that, or ${otherFolder}.`,
};
const full: Cause = {
  why: 'the disk is full',
  nextStep: 'Free some space, then try again.',
  isTemporary: true,
};
const tooManyFiles = 'Close other programs, or raise the limit: `ulimit -n 1024`.';
const unknownCause: Cause = {
  why: 'the operating system refused it',
  nextStep: '`ocmesh doctor` may know more.',
};

const causes: Readonly<Record<string, Cause>> = {
  EACCES: permission,
  EPERM: permission,
  ENOSPC: full,
  EDQUOT: full,
  EROFS: { why: 'the file system is read-only', nextStep: `Make it writable, or ${otherFolder} elsewhere.` },
  ENOENT: { why: 'it does not exist', nextStep: 'Check the path.' },
  ENOTDIR: { why: 'a part of the path is not a folder', nextStep: 'Correct the path.' },
  EISDIR: { why: 'it is a folder', nextStep: 'Move it away, or correct the path.' },
  ENAMETOOLONG: { why: 'the path is too long', nextStep: 'Choose a shorter one.' },
  ELOOP: { why: 'it is a symbolic link', nextStep: 'Replace it with the file itself.' },
  EBUSY: { why: 'it is in use', nextStep: 'Find out what uses it, then try again.', isTemporary: true },
  EMFILE: { why: 'this process has too many open files', nextStep: tooManyFiles, isTemporary: true },
  ENFILE: { why: 'this machine has too many open files', nextStep: tooManyFiles, isTemporary: true },
  EIO: { why: 'the disk reported an error', nextStep: 'Check the disk: the log of the system has more.' },
  ESTALE: { why: 'the network file system lost it', nextStep: 'Mount it again.', isTemporary: true },
};

const attempts: Readonly<Record<string, string>> = {
  mkdir: 'created',
  scandir: 'read',
  stat: 'read',
  lstat: 'read',
  read: 'read',
  write: 'written',
  fsync: 'written',
  fdatasync: 'written',
  ftruncate: 'written',
  rename: 'moved',
  link: 'copied',
  copyfile: 'copied',
  unlink: 'removed',
  rm: 'removed',
  rmdir: 'removed',
  chmod: 'changed',
  fchmod: 'changed',
};

function attemptOf({ syscall = '', path = 'A file', dest }: FileError): string {
  const target = dest === undefined ? '' : ` to ${dest}`;
  return `${path} cannot be ${attempts[syscall] ?? 'opened'}${target}`;
}

function describeListen(
  { code, port, address = '127.0.0.1' }: ListenError,
  isTemporary: boolean,
): SystemFault {
  const [why, nextStep] =
    code === 'EACCES'
      ? ['ports below 1024 need special rights', 'Set OCMESH_PORT to 1024 or higher.']
      : code === 'EADDRNOTAVAIL'
        ? [
            `this machine or container has no address ${address}`,
            'Bring up its loopback interface: `ip link set lo up`.',
          ]
        : [(causes[code ?? ''] ?? unknownCause).why, 'Set OCMESH_PORT to another port.'];
  return { message: `Port ${port} of ${address} cannot be used: ${why} (${code}).`, nextStep, isTemporary };
}

const memoryCodes = new Set(['ENOMEM', 'ERR_MEMORY_ALLOCATION_FAILED', 'ERR_WORKER_OUT_OF_MEMORY']);

/** V8 and WebAssembly say it in words only, and SQLite too. */
function isOutOfMemory(error: unknown): boolean {
  if (memoryCodes.has(errnoOf(error) ?? '')) return true;
  return (
    error instanceof Error &&
    /out of memory|\bOOM\b|allocation failed|could not allocate|enlarge memory/i.test(error.message)
  );
}
