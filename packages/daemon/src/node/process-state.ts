import { errnoOf } from './errno.ts';

/**
 * Returns whose process has this pid. A pid that belongs to another user, whom we may not signal, was reused or is a
 * daemon started with `sudo`: the caller decides which.
 */
export function processState(pid: number): 'ours' | 'foreign' | 'gone' {
  try {
    process.kill(pid, 0);
    return 'ours';
  } catch (error) {
    return errnoOf(error) === 'ESRCH' ? 'gone' : 'foreign';
  }
}
