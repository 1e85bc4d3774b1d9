import { errnoOf } from './errno.ts';

/**
 * Returns whether a process with this pid exists, and whether we may signal it. A `foreign` one belongs to another user:
 * the pid may have been reused, or the daemon was started with `sudo`. The caller has to decide.
 */
export function processState(pid: number): 'ours' | 'foreign' | 'gone' {
  try {
    process.kill(pid, 0);
    return 'ours';
  } catch (error) {
    return errnoOf(error) === 'ESRCH' ? 'gone' : 'foreign';
  }
}
