import { InvalidArgumentError } from 'commander';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';

/** Returns a parser for an option's value. The parser throws InvalidArgumentError, which commander reports. */
export function wholeNumber(min: number, max = Number.POSITIVE_INFINITY): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(
      max === Number.POSITIVE_INFINITY ? 'Must be a whole number.' : `Must be from ${min} to ${max}.`,
    );
  };
}

/** Parses a number of seconds from the command line. @throws ExitError that names the flag */
export function parseSeconds(flag: string, text: string | undefined, fallback: number): number {
  const value = Number(text ?? fallback);
  if (Number.isInteger(value) && value > 0 && value <= 3_600) return value;
  throw new ExitError(exitCodes.permanent, `${flag} must be a number of seconds from 1 to 3600.`);
}
