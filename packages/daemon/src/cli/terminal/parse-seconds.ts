import { ExitError, exitCodes } from '../../adapters/system/exit.ts';

/** A number of seconds from the command line. @throws ExitError naming the flag */
export function seconds(flag: string, text: string | undefined, fallback: number): number {
  const value = Number(text ?? fallback);
  if (Number.isInteger(value) && value > 0 && value <= 3_600) return value;
  throw new ExitError(exitCodes.permanent, `${flag} takes a number of seconds from 1 to 3600.`);
}
