import { ExitError, exitCodes } from '../adapters/system/exit.ts';

/** Returns the error for an invalid value. @param origin the file, variable or flag that has it */
export const refuse = (origin: string, problem: string): ExitError =>
  new ExitError(
    exitCodes.permanent,
    `The configuration in ${origin} is wrong: ${problem}. Correct or remove it.`,
  );
