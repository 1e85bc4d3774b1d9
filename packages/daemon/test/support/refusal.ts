import { StartError } from '../../src/adapters/system/exit.ts';

/** The `StartError` that this throws. */
export function refusal(run: () => unknown): StartError {
  try {
    run();
  } catch (error) {
    if (error instanceof StartError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
