import { cutChars } from '@ocmesh/shared/contract';

const WORDS_CHARS = 200;

/** Words of a relay, a peer or a file, shown as theirs. What could deceive a reader goes when they are printed. */
export const inQuotes = (text: string): string => `“${cutChars(text, WORDS_CHARS)}”`;

/** Whole megabytes, or kilobytes where it is less than one. */
export const size = (bytes: number): string =>
  bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${Math.round(bytes / 1024 / 1024)} MB`;
