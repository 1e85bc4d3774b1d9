/** Values of a log line. The log cleans text by peers, so the caller does not have to. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * `message` is a short, fixed sentence; anything from outside goes into `fields`.
 * Neither may contain a key, a token or the text of a message.
 */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
