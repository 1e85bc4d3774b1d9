import { cutChars } from '@ocmesh/shared/contract';

const QUOTE_CHARS = 200;

/** Quotes text by a relay, a peer or a file. Deceptive characters are replaced later, when it is printed. */
export const inQuotes = (text: string): string => `“${cutChars(text, QUOTE_CHARS)}”`;

/** Formats a size in whole megabytes, or kilobytes if it is less than one. */
export const size = (bytes: number): string =>
  bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${Math.round(bytes / 1024 / 1024)} MB`;
