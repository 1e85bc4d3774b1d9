/** What stands beside a log message. Peer text is cleaned by the writer, never by the caller. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * `message` is ours and short; whatever comes from outside goes into `fields`.
 * Never a key, a token or the text of a message in either.
 */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
