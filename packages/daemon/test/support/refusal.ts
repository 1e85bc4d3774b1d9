import { ExitError } from '../../src/adapters/system/exit.ts';

/** Returns the `ExitError` that this throws. */
export function refusal(run: () => unknown): ExitError {
  try {
    run();
  } catch (error) {
    if (error instanceof ExitError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
