/** Quotes text so that it can be pasted into a shell, if it needs that. */
export const shellQuoted = (text: string): string =>
  /^[\w/.:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
