// The only import of pino.
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Clock, Log } from '@ocmesh/shared/ambient';
import { pino } from 'pino';
import { formatLine } from './line-format.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface FileLog extends Log {
  close(): void;
}

/** Writes to the log file and, where asked for, to standard error. */
export function createFileLog(
  path: string,
  clock: Clock,
  options: { readonly level: LogLevel; readonly toStderr: boolean },
): FileLog {
  let file: number | null = openSync(path, 'a', 0o600);
  const log = createLog(clock, options.level, (line) => {
    if (file !== null) writeSync(file, line);
    if (options.toStderr) writeSync(2, line);
  });
  return {
    ...log,
    close() {
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}

export const createStderrLog = (clock: Clock, level: LogLevel): Log =>
  createLog(clock, level, (line) => writeSync(2, line));

function createLog(clock: Clock, level: LogLevel, write: (line: string) => void): Log {
  const logger = pino(
    { level, base: null, timestamp: false, formatters: { level: (name) => ({ level: name }) } },
    {
      write(json: string) {
        const { level: name, msg, ...fields } = JSON.parse(json);
        try {
          write(formatLine(clock.now(), name, msg, fields));
        } catch {
          // A full disk or a closed terminal: the line is lost, the daemon is not.
        }
      },
    },
  );
  const at =
    (name: LogLevel): Log['info'] =>
    (message, fields = {}) =>
      logger[name](fields, message);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
